import type { LedgerRow } from '../jobs/ledgerRow';

/** One step in the life of a job event. */
export interface TimelineStep {
  /** ISO 8601. Undefined where the ledger has no time. */
  at?: string;
  what: string;
}

const FOUND_BY: Record<LedgerRow['foundBy'], string> = {
  graph: 'Graph notified of it',
  sweep: 'the sweep found it',
  replay: 'a message was replayed',
  operator: 'an operator requested it',
};

const OUTCOMES: Record<NonNullable<LedgerRow['outcome']>, string> = {
  released: 'its task was completed, so that it prints',
  aborted: 'it was aborted, so that it does not print',
  held: 'it is held',
  redirected: 'it was redirected to another printer, where a job of its own prints',
  deadline: 'its time was up, and it ended as its rule or the choice for failures says',
  unreadable: 'its task was ended, because Graph does not let the app read the job',
  ended: 'its task or job had been ended by another party',
  fetchable: 'it was ready for download',
  printed: 'it was with the printer, or printed',
};

/**
 * The steps of one job event in its ledger row: how it was found, in order of time, then the work, then its current state.
 *
 * @param changedAt when the row was last written. ISO 8601
 */
export function timelineOf(row: LedgerRow, changedAt: string | undefined): TimelineStep[] {
  const known: TimelineStep[] = [{ at: row.firstSeenAt, what: FOUND_BY[row.foundBy] }];
  if (row.jobCreatedAt !== undefined) known.push({ at: row.jobCreatedAt, what: 'the user printed' });
  if (row.notifiedAt !== undefined) {
    known.push({ at: row.notifiedAt, what: "Graph's notification arrived after the job was found in another way" });
  }
  known.sort((a, b) => Date.parse(a.at ?? '') - Date.parse(b.at ?? ''));
  const decided = row.decision === undefined ? '' : `; decided: ${row.decision}`;
  return [
    ...known,
    { what: `${row.attempts} ${row.attempts === 1 ? 'run' : 'runs'} claimed it${decided}` },
    ...(row.reopened === undefined
      ? []
      : [{ what: `Graph listed its task as open after its end: ${reopenedWords(row)}` }]),
    currentState(row, changedAt),
    ...(row.lastRefusal === undefined ? [] : [{ what: `last refusal: ${row.lastRefusal}` }]),
  ];
}

function currentState(row: LedgerRow, changedAt: string | undefined): TimelineStep {
  const at = changedAt === undefined ? {} : { at: changedAt };
  const cause = row.cause === undefined ? '' : ` (${row.cause})`;
  const until = (word: string, time: string | undefined) => (time === undefined ? '' : `; ${word} ${time}`);
  const retriesEnded =
    row.retriesEndedAt === undefined ? '' : '; retries have ended. To retry now: jobs sweep --tenant';
  switch (row.status) {
    case 'done': {
      const outcome = row.outcome === undefined ? 'the work ended' : OUTCOMES[row.outcome];
      return { ...at, what: `done: ${outcome}${row.event === 'none' ? `; no event was sent${cause}` : ''}` };
    }
    case 'claimed':
      return { ...at, what: `a run is working on it${until('its claim ends', row.leaseUntil)}` };
    case 'held':
      return {
        ...at,
        what: `held${row.rule === undefined ? '' : ` by the rule ${row.rule}`}${until('until', row.heldUntil)}`,
      };
    case 'waiting':
      return { ...at, what: `it waits${cause}${until('next try', row.nextTryAt)}` };
    case 'failed':
      return { ...at, what: `it failed${cause}${until('the sweep retries it after', row.nextTryAt)}${retriesEnded}` };
    case 'gone':
      return {
        ...at,
        what: `Graph never showed it${cause}${until('the sweep may retry it after', row.nextTryAt)}${retriesEnded}`,
      };
  }
}

function reopenedWords({ reopened = 0, cause }: LedgerRow): string {
  const times = reopened === 1 ? 'it was ended again once' : `it was ended again ${reopened} times`;
  return cause === 'taskStaysOpen' ? `${times}, and stays open` : times;
}
