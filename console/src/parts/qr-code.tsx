import { encode } from "uqr";

/** Each row's dark modules as one path: runs of squares of one unit. */
function pathOf(rows: readonly (readonly boolean[])[]): string {
  return rows.map((row, y) => {
    const runs = [...row.map((dark) => (dark ? "1" : "0")).join("").matchAll(/1+/g)];
    return runs.map((run) => `M${run.index} ${y}h${run[0].length}v1h-${run[0].length}z`).join("");
  }).join("");
}

/** TEXT for a camera, drawn here: nobody else learns it. Dark on light in every colour scheme. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  return (
    <svg class="qr-code" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#fff" />
      <path d={pathOf(data)} fill="#000" shape-rendering="crispEdges" />
    </svg>
  );
}
