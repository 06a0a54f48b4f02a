import type { Clock } from '../clock';
import { ReceiverError } from '../errors';
import { isRecord, parseJson, parseText } from '../parse';
import type { MessageQueue } from '../storage/queues';
import { isoTime } from './claims';
import type { Ledger, LedgerKey } from './ledger';
import type { LedgerRow } from './ledgerRow';
import { createTrace, formatJobMessage, type JobStartedReference, type RandomBytes } from './message';

/** What a person or the vendor's system wants to happen to a held job. */
export interface Wish {
  action: WishAction;
  /** Where a redirect sends the job. */
  printerId?: string;
  /** What is changed on the job at its end. It wins over what the rule changes. */
  configure?: Readonly<Record<string, unknown>>;
  /** Why the job is aborted, for its user. */
  reason?: string;
  /** Who wants it: the name of a caller, a device token, or `cli` with the name of a person. */
  by: string;
  /** When it was stored; ISO 8601. */
  at: string;
}

export type WishAction = (typeof WISH_ACTIONS)[number];
export const WISH_ACTIONS = ['release', 'redirect', 'abort'] as const;

/** A held job, or one that was held. */
export interface HeldJob {
  /** Its ledger RowKey. */
  key: string;
  status: LedgerRow['status'];
  outcome?: LedgerRow['outcome'];
  firstSeenAt: string;
  heldUntil?: string;
  printerId?: string;
  jobId?: string;
  wish?: Wish;
  /** What Graph said when it refused the last wish. */
  lastRefusal?: string;
  /** The printJob as it was read (resources/printjob.md). */
  job?: Record<string, unknown>;
}

export type WishResult =
  /** It is stored, now or by an earlier call with the same wish. */
  | { outcome: 'accepted'; job: HeldJob }
  /** Another wish has not been carried out yet. */
  | { outcome: 'conflict'; job: HeldJob; stored: Wish }
  /** The job is not held: it has ended, or no rule has held it. */
  | { outcome: 'notHeld'; job: HeldJob }
  | { outcome: 'unknown' };

export interface WishDeps {
  ledger: Ledger;
  /** print-notifications */
  jobs: MessageQueue;
  clock: Pick<Clock, 'now'>;
  randomBytes: RandomBytes;
}

/** A row that changes under every attempt of one call is contended by a loop elsewhere. */
const MOST_RACES = 5;

/**
 * Stores a wish on the row of a held job and enqueues its key. The worker carries it out, so this never calls Graph. The same
 * wish may be stored again: its message is sent again, because the first one may not have been.
 *
 * @throws ReceiverError `rowContended`, `rowUnreadable`, and errors of storage
 */
export async function storeWish(deps: WishDeps, key: LedgerKey, wish: Wish): Promise<WishResult> {
  for (let race = 0; race < MOST_RACES; race += 1) {
    const known = await deps.ledger.get(key);
    if (!known) return { outcome: 'unknown' };
    const { value: row } = known;
    const reference = heldReference(key, row);
    if (!reference) return { outcome: 'notHeld', job: heldJob(key, row) };
    const stored = parseWish(row.wish);
    if (stored && !isSameWish(stored, wish)) return { outcome: 'conflict', job: heldJob(key, row), stored };
    const { lastRefusal: _ofEarlierWish, ...asked } = row;
    const wished: LedgerRow = stored ? row : { ...asked, wish: JSON.stringify(wish) };
    if (!stored && (await deps.ledger.replace(reference, wished, known)) === undefined) continue;
    await deps.jobs.send(
      formatJobMessage({
        reference,
        foundBy: 'operator',
        receivedAt: isoTime(deps.clock.now()),
        traceparent: createTrace(deps.randomBytes).nextTraceparent(),
        deferrals: 0,
      }),
    );
    return { outcome: 'accepted', job: heldJob(key, wished) };
  }
  throw new ReceiverError('rowContended', `The row ${key.rowKey} changed under every attempt to write it`);
}

/** A held job, or one that was held. Undefined when the ledger has no such row. @throws ReceiverError `rowUnreadable` */
export async function readHeldJob(ledger: Pick<Ledger, 'get'>, key: LedgerKey): Promise<HeldJob | undefined> {
  const known = await ledger.get(key);
  return known && heldJob(key, known.value);
}

/** The wish in a cell. */
export function parseWish(cell: string | undefined): Wish | undefined {
  const wish = cell === undefined ? undefined : parseJson(cell);
  if (!isRecord(wish)) return undefined;
  const action = WISH_ACTIONS.find((one) => one === wish['action']);
  const { printerId, configure, reason } = wish;
  if (!action) return undefined;
  return {
    action,
    ...(typeof printerId === 'string' ? { printerId } : {}),
    ...(isRecord(configure) ? { configure } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    by: parseText(wish['by']),
    at: parseText(wish['at']),
  };
}

function isSameWish(a: Wish, b: Wish): boolean {
  const essence = ({ action, printerId, configure = {}, reason }: Wish) =>
    JSON.stringify([action, printerId, reason, Object.entries(configure).sort(([x], [y]) => (x < y ? -1 : 1))]);
  return essence(a) === essence(b);
}

/** The job event of a row that is held or whose end is being worked on. */
function heldReference({ tenantId }: LedgerKey, row: LedgerRow): JobStartedReference | undefined {
  const { phase, status, definitionId, taskId, printerId, jobId } = row;
  if (phase !== 'end' || status === 'done' || definitionId === undefined || taskId === undefined) return undefined;
  const place = printerId === undefined || jobId === undefined ? {} : { printerId, jobId };
  return { kind: 'jobStarted', tenantId, definitionId, taskId, ...place };
}

function heldJob({ rowKey }: LedgerKey, row: LedgerRow): HeldJob {
  const { status, outcome, firstSeenAt, heldUntil, printerId, jobId, lastRefusal } = row;
  const wish = parseWish(row.wish);
  const job = row.job === undefined ? undefined : parseJson(row.job);
  return {
    key: rowKey,
    status,
    ...(outcome === undefined ? {} : { outcome }),
    firstSeenAt,
    ...(heldUntil === undefined ? {} : { heldUntil }),
    ...(printerId === undefined ? {} : { printerId }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(wish ? { wish } : {}),
    ...(lastRefusal === undefined ? {} : { lastRefusal }),
    ...(isRecord(job) ? { job } : {}),
  };
}
