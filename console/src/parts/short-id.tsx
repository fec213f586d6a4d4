const SHOWN = 6;

/** An id as people compare it, by its end, which is chance; the whole of it on hovering. */
export function ShortId({ id }: { id: string }) {
  const [prefix = "", digits = ""] = id.split("_");
  if (digits.length <= SHOWN + 2) return <code>{id}</code>;
  return <code title={id}>{`${prefix}_…${digits.slice(-SHOWN)}`}</code>;
}
