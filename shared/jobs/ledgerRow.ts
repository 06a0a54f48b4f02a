import { readCells } from '../storage/cells';
import type { Row, StoredRow } from '../storage/entityTable';
import { FOUND_BY, type FoundBy, type JobReference } from './message';

/** `held`: its task stays open until a wish is stored or `heldUntil` has come. */
export type LedgerStatus = (typeof STATUSES)[number];
export const STATUSES = ['claimed', 'waiting', 'held', 'failed', 'gone', 'done'] as const;

/** `notYet`: Graph does not show the job yet. `outage`: Graph, Entra or storage is unavailable, throttles or refuses. */
export type WaitReason = 'notYet' | 'outage';

/** What this product does with a job whose task is open. */
export type Decision = (typeof DECISIONS)[number];
const DECISIONS = ['release', 'hold', 'redirect', 'abort'] as const;

/**
 * Why: the rules, which release a job that none of them matches; a wish; the end of a hold or of a task's time (`deadline`); a
 * job or rules that cannot be read; a held job that another party deleted; a refusal of what the rules decided; a document that
 * could not be archived before the job is held; or a customer or watch that is not active.
 */
export type DecidedBy = (typeof DECIDED_BY)[number];
const DECIDED_BY = [
  'rules',
  'wish',
  'deadline',
  'unreadable',
  'rulesUnreadable',
  'deleted',
  'refusal',
  'document',
  'inactive',
] as const;

export type EventState = 'pending' | 'sent' | 'none';

/** `start`: the event to send is the first of the job. `end`: the job has been held, and the event to send is its end. */
export type Phase = (typeof PHASES)[number];
const PHASES = ['start', 'end'] as const;

/** How a job event ended; see the contract of the table PrintJobs. */
export type Outcome = (typeof OUTCOMES)[number];
export const OUTCOMES = [
  'released',
  'redirected',
  'aborted',
  'held',
  'deadline',
  'unreadable',
  'fetchable',
  'archived',
  'archiveFailed',
  'printed',
  'ended',
  'completed',
  'failed',
  'canceled',
] as const;

/** `wanted`: the documents of the job are to be archived, and nothing else happens before. The others: how that ended. */
export type ArchiveState = (typeof ARCHIVE_STATES)[number];
const ARCHIVE_STATES = ['wanted', 'stored', 'failed'] as const;

/** What ends a job when a hold is over or its rules cannot be applied. */
export type Ending = (typeof ENDINGS)[number];
const ENDINGS = ['release', 'abort'] as const;

/** A decision with all that carrying it out takes. The row holds it before a call, unless it is a mere release. */
export interface DecisionCells {
  /** What a run has decided and may have done at Graph. `release` is written with the claim. */
  decision?: Decision;
  decidedBy?: DecidedBy;
  /** Who stored the wish. */
  by?: string;
  /** Where a redirect sends the job. */
  targetPrinterId?: string;
  /** What is changed on the job, JSON. */
  configure?: string;
  /** Why the job is aborted, for its user. */
  reason?: string;
}

/** A row of the ledger: the table PrintJobs, one row for each job event. Times are ISO 8601. */
export interface LedgerRow extends DecisionCells {
  status: LedgerStatus;
  phase: Phase;
  /** The name of the rule that decided, or that held the job. */
  rule?: string;
  /** The version of the rules document. */
  rulesEtag?: string;
  /** The run that holds the claim. */
  runId?: string;
  leaseUntil?: string;
  nextTryAt?: string;
  /** Why the job waits; kept while the next run works on it. */
  waitReason?: WaitReason;
  /** When the wait for `waitReason` began. */
  waitingSince?: string;
  /** How many runs have claimed the row. */
  attempts: number;
  /** How many rounds of tries in a row ended with `failed` or `gone`, see `nextRound`. */
  failures?: number;
  /** When the last of these rounds ended: only a person retries it. */
  retriesEndedAt?: string;
  /** How often a row that was done was claimed again, because Graph listed its task as open. */
  reopened?: number;
  /** When the first run claimed it. */
  firstSeenAt: string;
  /** When the message that it came with was made: on the POST of Graph, by the sweep, or by a person. */
  receivedAt?: string;
  /** When a run last read the job, or what Graph shows of it. */
  readAt?: string;
  /** When a decision was last carried out at Graph. */
  actedAt?: string;
  /** How the job became known first. */
  foundBy: FoundBy;
  /** When Graph's own notification arrived for a job that was found first in another way. */
  notifiedAt?: string;
  /** createdDateTime of the job, as it was read. */
  jobCreatedAt?: string;
  printerId?: string;
  /** In place of a printer: Graph does not show the printer of this share. */
  shareId?: string;
  jobId?: string;
  /** Of a job that is or was held: the ids in its key. */
  definitionId?: string;
  taskId?: string;
  /** When the hold ends, and how. */
  heldUntil?: string;
  heldElse?: Ending;
  /** What the rule that held the job changes on it at its end, JSON. */
  heldConfigure?: string;
  /** Of a job that is or was held: the tags of its user, separated by commas. See ledgerIndex.ts. */
  userTags?: string;
  /** What a person or the vendor's system wants to happen to the held job, JSON. See wishes.ts. */
  wish?: string;
  /** What Graph said when it refused a decision of the rules, JSON; for the event. */
  refused?: string;
  /** When a run first saw the task open after a redirect whose answer was lost, by the clock of the table service. */
  redirectCheckedAt?: string;
  outcome?: Outcome;
  archive?: ArchiveState;
  /** When the documents were first to be archived. */
  archiveSince?: string;
  /** How many runs ended with a broken download. */
  archiveTries?: number;
  /** The archived documents, JSON: a list of `ArchivedDocument`. */
  archived?: string;
  /** The job as it was read, JSON. */
  job?: string;
  /** What was shortened or left out of `job`, JSON: a list of names. */
  truncated?: string;
  /** The trace of the message that found the job first, for its event. */
  traceparent?: string;
  /** While the event is `pending`: its text, so that it says the same when it is sent again. */
  eventText?: string;
  /** While a held job waits for its first event to be sent: the text of that event. It is sent before that of its end. */
  heldEventText?: string;
  /** `pending`: the work has ended, and its event could not be sent yet. The others: whether a row that is done sent one. */
  event?: EventState;
  /** When the queue confirmed the first event. */
  sentAt?: string;
  /** When the queue confirmed the event of the end of a held job. */
  endSentAt?: string;
  /** Where this product redirected the job to, JSON; for its event. */
  redirectedTo?: string;
  /** When what the row says of people was removed; see personalData.ts. */
  blankedAt?: string;
  /** The error code or reason: why the row waits or failed, or why no event was sent. For people. */
  cause?: string;
  /** What Graph or Entra said when it last refused a call for this job, with its ids and the remedy. For people. */
  lastRefusal?: string;
}

export const TABLE = 'PrintJobs';

const TIMES = [
  ...['leaseUntil', 'nextTryAt', 'notifiedAt', 'jobCreatedAt', 'waitingSince', 'retriesEndedAt'],
  ...['heldUntil', 'redirectCheckedAt', 'sentAt', 'endSentAt', 'archiveSince', 'receivedAt', 'readAt', 'actedAt'],
  'blankedAt',
] as const satisfies readonly (keyof LedgerRow)[];
const TEXTS = [
  ...['runId', 'printerId', 'shareId', 'jobId', 'definitionId', 'taskId', 'userTags', 'cause', 'traceparent'],
  ...['wish', 'rule', 'rulesEtag', 'by', 'targetPrinterId', 'configure', 'heldConfigure', 'reason', 'refused'],
  'redirectedTo',
  'archived',
] as const satisfies readonly (keyof LedgerRow)[];
/** Most of the size of a row. */
const LONG_TEXTS = ['job', 'truncated', 'eventText', 'heldEventText', 'lastRefusal'] as const;
const COUNTS = ['failures', 'reopened', 'archiveTries'] as const;
const WORDS = [
  ...['status', 'phase', 'outcome', 'waitReason', 'event'],
  ...['decision', 'decidedBy', 'heldElse', 'archive'],
] as const;

const DECISION_CELLS = [
  'decision',
  'decidedBy',
  'by',
  'targetPrinterId',
  'configure',
  'reason',
] as const satisfies readonly (keyof DecisionCells)[];

/** The cells of a row without its long texts. */
export const CELLS_OF_LISTING: readonly string[] = [
  ...['timestamp', 'attempts', 'firstSeenAt', 'foundBy'],
  ...WORDS,
  ...COUNTS,
  ...TIMES,
  ...TEXTS,
];

/** Whether the time of a held job is up. */
export function isHoldOver({ heldUntil }: Pick<LedgerRow, 'heldUntil'>, now: number): boolean {
  return heldUntil === undefined || now >= Date.parse(heldUntil);
}

/** The decision on a row. */
export function decisionOf(row: LedgerRow): DecisionCells {
  return definedOf(pick(row, DECISION_CELLS));
}

/** A row without its decision. */
export function withoutDecision(row: LedgerRow): LedgerRow {
  const kept = { ...row };
  for (const name of DECISION_CELLS) delete kept[name];
  return kept;
}

/** The cells of a row that name the place of its job. */
export function placeOf(reference: JobReference): Pick<LedgerRow, 'printerId' | 'jobId'> {
  const { printerId, jobId } = reference;
  return { ...(printerId === undefined ? {} : { printerId }), ...(jobId === undefined ? {} : { jobId }) };
}

/** A row without why, since when and until when it waits. */
export function withoutWait(row: LedgerRow): LedgerRow {
  const { nextTryAt: _at, waitReason: _reason, waitingSince: _since, ...rest } = row;
  const { cause: _cause, lastRefusal: _refusal, ...kept } = rest;
  return kept;
}

/** A row without the count of its failed rounds. */
export function withoutFailures(row: LedgerRow): LedgerRow {
  const { failures: _failures, retriesEndedAt: _endedAt, ...kept } = row;
  return kept;
}

/** A row without what belongs to the work before its hold. */
export function rowOfHold(row: LedgerRow): LedgerRow {
  const { event: _event, eventText: _text, redirectCheckedAt: _at, ...kept } = withoutDecision(row);
  return kept;
}

function pick<Name extends keyof LedgerRow>(row: LedgerRow, names: readonly Name[]): Partial<Pick<LedgerRow, Name>> {
  const picked: Partial<Pick<LedgerRow, Name>> = {};
  for (const name of names) picked[name] = row[name];
  return picked;
}

/** The cells of a row as the table holds them. */
export function formatLedgerRow({ tenantId, rowKey }: { tenantId: string; rowKey: string }, row: LedgerRow): Row {
  return { partitionKey: tenantId, rowKey, ...row };
}

/** @throws ReceiverError `rowUnreadable` */
export function parseLedgerRow(row: StoredRow): LedgerRow {
  const cells = readCells(TABLE, row);
  const words = {
    outcome: cells.word('outcome', OUTCOMES),
    waitReason: cells.word('waitReason', ['notYet', 'outage']),
    event: cells.word('event', ['pending', 'sent', 'none']),
    decision: cells.word('decision', DECISIONS),
    decidedBy: cells.word('decidedBy', DECIDED_BY),
    heldElse: cells.word('heldElse', ENDINGS),
    archive: cells.word('archive', ARCHIVE_STATES),
  } as const;
  const known = COUNTS.map((name) => [name, cells.count(name)] as const).filter(([, count]) => count !== undefined);
  return {
    status: cells.need(cells.word('status', STATUSES), 'status', `it must be one of ${STATUSES.join(', ')}`),
    phase: cells.word('phase', PHASES) ?? 'start',
    attempts: cells.count('attempts') ?? 0,
    firstSeenAt: cells.need(cells.time('firstSeenAt'), 'firstSeenAt', 'it must be the time of the notification'),
    foundBy: cells.word('foundBy', FOUND_BY) ?? 'graph',
    ...definedOf(words),
    ...Object.fromEntries(known),
    ...cells.times(TIMES),
    ...cells.texts([...TEXTS, ...LONG_TEXTS]),
  };
}

function definedOf<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const defined: { [Name in keyof T]?: Exclude<T[Name], undefined> } = {};
  for (const name in fields) if (fields[name] !== undefined) Object.assign(defined, { [name]: fields[name] });
  return defined;
}
