import type { LedgerRow } from './ledger';

/** One thing that happened to a job, or is to happen. */
export interface TimelineStep {
  /** ISO 8601; undefined where the ledger keeps no time of it. */
  at?: string;
  what: string;
}

const FOUND_BY: Record<LedgerRow['foundBy'], string> = {
  graph: 'Graph notified of it',
  sweep: 'the sweep found it',
  replay: 'a replayed message brought it',
  operator: 'an operator brought it',
};

const OUTCOMES: Record<NonNullable<LedgerRow['outcome']>, string> = {
  released: 'its task was completed, so that it prints',
  deadline: 'its task was completed at the deadline, because the job could not be read',
  ended: 'it had ended by somebody else',
  fetchable: 'it was ready for download',
  printed: 'it was with the printer, or printed',
};

/**
 * What the ledger knows of one job event: how it became known in the order of time, then the work, then how it stands.
 *
 * @param changedAt when the row was last written, as the table says; ISO 8601
 */
export function timelineOf(row: LedgerRow, changedAt: string | undefined): TimelineStep[] {
  const known: TimelineStep[] = [{ at: row.firstSeenAt, what: FOUND_BY[row.foundBy] }];
  if (row.jobCreatedAt !== undefined) known.push({ at: row.jobCreatedAt, what: 'the user printed' });
  if (row.notifiedAt !== undefined) {
    known.push({ at: row.notifiedAt, what: "Graph's notification came, after something else had found it" });
  }
  known.sort((a, b) => Date.parse(a.at ?? '') - Date.parse(b.at ?? ''));
  const decided = row.decision === undefined ? '' : `; decided: ${row.decision}`;
  return [...known, { what: `${row.attempts} run(s) claimed it${decided}` }, standing(row, changedAt)];
}

function standing(row: LedgerRow, changedAt: string | undefined): TimelineStep {
  const at = changedAt === undefined ? {} : { at: changedAt };
  const cause = row.cause === undefined ? '' : ` (${row.cause})`;
  const until = (word: string, time: string | undefined) => (time === undefined ? '' : `; ${word} ${time}`);
  switch (row.status) {
    case 'done': {
      const outcome = row.outcome === undefined ? 'it was dealt with' : OUTCOMES[row.outcome];
      return { ...at, what: `done: ${outcome}${cause === '' ? '' : `; no event was sent${cause}`}` };
    }
    case 'claimed':
      return { ...at, what: `a run works on it${until('its claim ends', row.leaseUntil)}` };
    case 'waiting':
      return { ...at, what: `it waits${cause}${until('next try', row.nextTryAt)}` };
    case 'failed':
      return { ...at, what: `it failed${cause}${until('the sweep brings it back after', row.nextTryAt)}` };
    case 'gone':
      return {
        ...at,
        what: `Graph never showed it${cause}${until('the sweep may bring it back after', row.nextTryAt)}`,
      };
  }
}
