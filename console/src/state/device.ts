// What a browser says that it is, shortened to what somebody recognises their device by.
const BROWSERS = [
  [/\bEdg\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bFirefox\//, "Firefox"],
  [/\b(Headless)?Chrome\//, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
] as const;

function named(agent: string, names: readonly (readonly [RegExp, string])[]): string {
  return names.find(([pattern]) => pattern.test(agent))?.[1] ?? "";
}

/** "Chrome · Linux"; what is not a browser that we know is named as it named itself. */
export function sayDevice(agent: string | null): string {
  if (!agent) return "";
  const parts = [named(agent, BROWSERS), named(agent, SYSTEMS)].filter(Boolean);
  return parts.length > 0 ? parts.join(" · ") : agent;
}
