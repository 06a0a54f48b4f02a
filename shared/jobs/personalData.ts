import type { LedgerRow } from './ledgerRow';

/**
 * What a row says of people: the user and the job as it was read, with its name; who asked for its end, and why. The ids of
 * printer and job stay, so that a repeated notification still finds the row.
 */
const PERSONAL_CELLS = [
  ...['job', 'truncated', 'userTags', 'eventText', 'heldEventText'],
  ...['wish', 'by', 'reason'],
] as const satisfies readonly (keyof LedgerRow)[];

const DAY_MS = 24 * 60 * 60_000;

/** Whether the work on the row has ended and its event was sent, so that nothing will read what it says of people. */
export function isEnded({ status, event }: Pick<LedgerRow, 'status' | 'event'>): boolean {
  return (status === 'done' || status === 'gone') && event !== 'pending';
}

/** Whether a row that is done may not say anything of people any longer. `now`: milliseconds since 1970. */
export function losesPersonalData(
  { firstSeenAt, blankedAt }: Pick<LedgerRow, 'firstSeenAt' | 'blankedAt'>,
  personalDataDays: number,
  now: number,
): boolean {
  return blankedAt !== undefined || now - Date.parse(firstSeenAt) >= personalDataDays * DAY_MS;
}

/** The row without what it says of people. `at`: ISO 8601. */
export function blankRow(row: LedgerRow, at: string): LedgerRow {
  const kept = { ...row, blankedAt: row.blankedAt ?? at };
  for (const name of PERSONAL_CELLS) delete kept[name];
  return kept;
}
