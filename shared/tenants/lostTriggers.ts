/** A printer without a watch is looked at once a day. An hour more, so that it does not leave `status` before the next look. */
export const LOST_TRIGGER_MS = 25 * 60 * 60_000;
/** A bound on the cell. `fleet plan` shows all. */
const MOST_NAMED = 100;

/** The printers whose jobs carry no task of this app any more, as the row of a customer keeps them, and when that was seen. */
export function parseLostTriggers(cell: string | undefined): Map<string, string> {
  const entries = (cell ?? '').split(',').map((entry) => entry.split('@'));
  return new Map(entries.flatMap(([id, at]) => (id && at ? [[id, at] as const] : [])));
}

/**
 * The cell after a sweep; nothing when no trigger is lost.
 *
 * @param found the printers that the sweep judged: `lost`, or not
 * @param now milliseconds since 1970
 */
export function nextLostTriggers(
  cell: string | undefined,
  found: { lost: readonly string[]; settled: readonly string[] },
  now: number,
): { lostTriggers?: string } {
  const known = parseLostTriggers(cell);
  for (const [id, at] of known) if (!(now - Date.parse(at) < LOST_TRIGGER_MS)) known.delete(id);
  for (const id of found.settled) known.delete(id);
  for (const id of found.lost) known.set(id, new Date(now).toISOString());
  const named = [...known].slice(0, MOST_NAMED).map(([id, at]) => `${id}@${at}`);
  return named.length === 0 ? {} : { lostTriggers: named.join(',') };
}
