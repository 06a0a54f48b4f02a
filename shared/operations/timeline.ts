import { eventId } from '../jobs/jobEvent';
import { archivedOf, sentEventsOf } from '../jobs/jobEventOfRow';
import type { LedgerKey } from '../jobs/ledger';
import type { DecidedBy, LedgerRow } from '../jobs/ledgerRow';
import { parseWish, type Wish } from '../jobs/wishes';
import { isRecord, parseJson, parseText } from '../parse';

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
  archived: 'its document was archived',
  archiveFailed: 'it was ready for download, and its document could not be archived',
  printed: 'it was with the printer, or printed',
  completed: 'its printing was completed',
  failed: 'its printing failed',
  canceled: 'it was canceled',
};

const DECIDED_BY: Record<DecidedBy, string> = {
  rules: '',
  wish: ', as was requested',
  deadline: ', because its time was up',
  unreadable: ', because the app cannot read the job',
  rulesUnreadable: ', because its rules cannot be read',
  deleted: ', because the job was deleted',
  refusal: ', because Graph refused the decision before',
  document: ', because its document could not be archived',
  inactive: ', because its customer or watch is not active',
};

/**
 * The steps of one job event in its ledger row in order of time, then its current state. Rows of an earlier version lack some
 * of the times.
 *
 * @param changedAt when the row was last written. ISO 8601
 */
export function timelineOf(key: LedgerKey, row: LedgerRow, changedAt: string | undefined): TimelineStep[] {
  const { jobCreatedAt, receivedAt, notifiedAt, firstSeenAt, readAt, attempts, reopened, lastRefusal } = row;
  const events = sentEventsOf(key, row).map((event) => step(event.sentAt, `the event ${eventId(event)} was sent`));
  const steps = [
    ...(jobCreatedAt === undefined ? [] : [step(jobCreatedAt, 'the user printed')]),
    step(receivedAt, FOUND_BY[row.foundBy]),
    ...(notifiedAt === undefined
      ? []
      : [step(notifiedAt, "Graph's notification arrived after the job was found in another way")]),
    ...(attempts === 0
      ? []
      : [step(firstSeenAt, attempts === 1 ? '1 run claimed it' : `the first of ${attempts} runs claimed it`)]),
    ...(readAt === undefined ? [] : [step(readAt, 'its job was read')]),
    ...archiveSteps(row),
    ...holdSteps(row),
    ...refusedSteps(row),
    ...decisionSteps(row),
    ...events,
    ...(reopened === undefined
      ? []
      : [step(undefined, `Graph listed its task as open after its end: ${reopenedWords(row)}`)]),
  ];
  return [
    ...inOrder(steps),
    currentState(row, changedAt),
    ...(lastRefusal === undefined ? [] : [step(undefined, `last refusal: ${lastRefusal}`)]),
  ];
}

function step(at: string | undefined, what: string): TimelineStep {
  return at === undefined ? { what } : { at, what };
}

/** In order of time. A step without a time stays after the one before it. */
function inOrder(steps: readonly TimelineStep[]): TimelineStep[] {
  let last = 0;
  const timed = steps.map((one) => {
    last = one.at === undefined ? last : Date.parse(one.at);
    return { one, ms: last };
  });
  return timed.sort((a, b) => a.ms - b.ms).map(({ one }) => one);
}

/** When the documents were to be archived, and where they are. */
function archiveSteps(row: LedgerRow): TimelineStep[] {
  const stored = archivedOf(row) ?? [];
  return [
    ...(row.archiveSince === undefined
      ? []
      : [step(row.archiveSince, `sent to the archive, by ${ruleWords(row) || 'a rule'}`)]),
    ...stored.filter(isRecord).map(({ container, blob, size }) => {
      const [inside, name] = [container, blob].map(parseText);
      return step(undefined, `archived: ${inside}/${name}, ${typeof size === 'number' ? size : '?'} bytes`);
    }),
  ];
}

/** What the hold of a job says, and who requested its end. */
function holdSteps(row: LedgerRow): TimelineStep[] {
  if (row.phase !== 'end' || row.heldUntil === undefined) return [];
  const wish = parseWish(row.wish);
  return [
    step(row.sentAt, `held by ${ruleWords(row) || 'a rule'} until ${row.heldUntil}, then ${row.heldElse ?? 'release'}`),
    ...(wish ? [{ at: wish.at, what: wishWords(wish) }] : []),
  ];
}

function wishWords({ action, printerId, configure, reason, by }: Wish): string {
  const words = [
    `${by} requested: ${action}`,
    printerId === undefined ? '' : ` to printer ${printerId}`,
    configure === undefined ? '' : `, with ${JSON.stringify(configure)}`,
    reason === undefined ? '' : ` (${reason})`,
  ];
  return words.join('');
}

/** The decision, and the rule that made it where the job was not held by one. */
function decisionSteps(row: LedgerRow): TimelineStep[] {
  const { decision, decidedBy = 'rules', targetPrinterId, configure, reason, phase, actedAt } = row;
  if (decision === undefined) return [];
  const rule = phase === 'end' || decidedBy !== 'rules' ? '' : ruleWords(row);
  const words = [
    `${actedAt === undefined ? 'decided' : 'decided and carried out'}: ${decision}`,
    targetPrinterId === undefined ? '' : ` to printer ${targetPrinterId}`,
    configure === undefined ? '' : `, with ${configure}`,
    reason === undefined ? '' : ` (${reason})`,
    rule === '' ? '' : `, by ${rule}`,
    DECIDED_BY[decidedBy],
  ];
  return [step(actedAt, words.join(''))];
}

function ruleWords({ rule, rulesEtag }: LedgerRow): string {
  if (rule === undefined) return '';
  return `the rule ${rule}${rulesEtag === undefined ? '' : `, version ${rulesEtag}`}`;
}

/** What Graph refused of a decision of the rules. */
function refusedSteps(row: LedgerRow): TimelineStep[] {
  const words = row.refused === undefined ? undefined : parseJson(row.refused);
  if (!isRecord(words)) return [];
  const [action, code, message] = ['action', 'code', 'message'].map((name) => parseText(words[name]));
  if (action === 'archive') return [{ what: `its documents could not be archived (${code}): ${message}` }];
  return [{ what: `Graph refused to ${action} it, as ${ruleWords(row) || 'a rule'} says (${code}): ${message}` }];
}

function currentState(row: LedgerRow, changedAt: string | undefined): TimelineStep {
  const at = changedAt === undefined ? {} : { at: changedAt };
  const cause = row.cause === undefined ? '' : ` (${row.cause})`;
  const until = (word: string, time: string | undefined) => (time === undefined ? '' : `; ${word} ${time}`);
  const retriesEnded = row.retriesEndedAt === undefined ? '' : '; retries have ended';
  switch (row.status) {
    case 'done': {
      const outcome = row.outcome === undefined ? 'the work ended' : OUTCOMES[row.outcome];
      const by = row.by === undefined || row.outcome === 'ended' ? '' : `, as ${row.by} requested`;
      return { ...at, what: `done: ${outcome}${by}${row.event === 'none' ? `; no event was sent${cause}` : ''}` };
    }
    case 'claimed':
      return { ...at, what: `a run is working on it${until('its claim ends', row.leaseUntil)}` };
    case 'held':
      return { ...at, what: `it is held${until('until', row.heldUntil)}` };
    case 'waiting':
      return { ...at, what: `it waits${cause}${until('next try', row.nextTryAt)}` };
    case 'failed':
      return { ...at, what: `it failed${cause}${until('the sweep retries it after', row.nextTryAt)}${retriesEnded}` };
    case 'gone':
      if (row.attempts === 0) return { ...at, what: 'its clientState was revoked before a run claimed it' };
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
