import { setMaxListeners } from 'node:events';
import type { Clock } from '../clock';
import { untilAborted } from '../concurrency';
import type { KeyRing } from '../config';
import { errorFields } from '../errors';
import { createTrace, formatJobMessage, type RandomBytes } from '../jobs/message';
import type { LogFields, Logger } from '../logger';
import { isRecord } from '../parse';
import type { MessageQueue } from '../storage/queues';
import { formatSubscriptionMessage } from '../subscriptions/message';
import { RECORD_IS_STALE_MS, type RecordReader } from './recordReader';
import type { SweepAllRequests } from './sweepAllRequests';
import type { TakeTurn } from './turns';
import {
  tenantOf,
  verifyBody,
  type BadBody,
  type FromGraph,
  type Refusal,
  type VerifiedBody,
  type VerifyContext,
} from './verify';

/** Graph's batches are some kilobytes. The host takes up to FUNCTIONS_REQUEST_BODY_SIZE_LIMIT. */
export const MAX_BODY_BYTES = 1024 * 1024;

/** Enough for any batch of Graph. A longer one must not take every socket of the process from the other tenants. */
export const SENDS_AT_ONCE = 128;

/** `validationTokens`: one of the tokens of the batch is bad. */
export type RefusalReason = BadBody | 'tooLarge' | Refusal | 'validationTokens';

/**
 * Checks the validationTokens of a batch. Resolves false when one of them is bad; rejects when the signing keys are
 * unreachable.
 *
 * @param tenants the tenants that the batch names, lower-cased
 */
export type VerifyTokens = (tokens: unknown, tenants: ReadonlySet<string>) => Promise<boolean>;

export interface ReceiveDependencies {
  ring: KeyRing;
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
  queues: { jobs: MessageQueue; subscriptions: MessageQueue };
  verifyTokens: VerifyTokens;
  record: RecordReader;
  sweepRequests: SweepAllRequests;
  takeTurn: TakeTurn;
  clock: Clock;
  randomBytes: RandomBytes;
  logger: Logger;
}

export interface PostedBatch {
  /** The name of the route, for the log only. */
  route: string;
  /** Of the invocation: only with telemetry does the host give one. */
  traceparent?: string | undefined;
  /** The header Content-Length as sent, or null. */
  declaredLength: string | null;
  readBody: () => Promise<Uint8Array>;
  /** Ends all work with 503. */
  signal: AbortSignal;
}

export interface ReceiveCounts {
  items: number;
  /** Items whose message is stored. */
  accepted: number;
  /** Lifecycle items whose message is that of another item. */
  merged: number;
  unknownKey: number;
  refused: Partial<Record<RefusalReason, number>>;
}

export interface Received {
  status: 202 | 400 | 413 | 503;
  counts: ReceiveCounts;
  fromGraph: FromGraph;
}

/**
 * Receives one POST of change notifications: verifies each item, stores one message per accepted item and returns the
 * status to answer. 202: every accepted item is durable. 503: Graph should retry, because an accepted item could not be
 * stored in time, the signing keys of its tokens are unreachable, or an item was signed with an unknown key. 400 and
 * 413: not a batch. Writes one log line.
 *
 * @throws errors of `readBody`
 */
export async function receive(dependencies: ReceiveDependencies, batch: PostedBatch): Promise<Received> {
  const { clock, logger } = dependencies;
  const startedAt = clock.now();
  const extra: LogFields = {};
  const { status, counts, fromGraph } = await verifyAndStore(dependencies, batch, extra);
  const isProven = fromGraph === true;
  const refused = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
  const fields: LogFields = {
    route: batch.route,
    status,
    items: counts.items,
    accepted: counts.accepted,
    merged: counts.merged,
    unknownKey: counts.unknownKey,
    refused,
    fromGraph: isProven,
  };
  if (status === 413 && dependencies.sweepRequests.note())
    logger.warn('notifications.tooLarge', { route: batch.route });
  for (const [reason, count] of Object.entries(counts.refused)) fields[`refused.${reason}`] = count;
  // Anyone can name a key that left the ring, and its mac cannot be checked. Only what Graph alone can cause is an error.
  const failed = isProven ? 'error' : 'warn';
  const level = status === 503 ? failed : refused > 0 ? 'warn' : 'info';
  logger[level]('notifications.received', { ...fields, ...extra, ms: clock.now() - startedAt });
  return { status, counts, fromGraph };
}

async function verifyAndStore(
  dependencies: ReceiveDependencies,
  batch: PostedBatch,
  extra: LogFields,
): Promise<Received> {
  const { signal } = batch;
  if (Number(batch.declaredLength) > MAX_BODY_BYTES) return unread(413, { tooLarge: 1 });
  const trace = createTrace(dependencies.randomBytes, batch.traceparent);
  const { record, ageMs } = await dependencies.record.current();
  if (ageMs > RECORD_IS_STALE_MS) extra['recordAgeS'] = Math.round(ageMs / 1_000);
  let verified: VerifiedBody | { bad: BadBody | 'tooLarge' };
  try {
    verified = await untilAborted(signal, readAndVerify(dependencies, batch, { record, ...trace }));
  } catch (error) {
    if (!signal.aborted) throw error;
    noteError(extra, error);
    return unread(503, {}, 'unknown');
  }
  if ('bad' in verified) {
    if (verified.bad === 'emptyBody') extra['hint'] = 'The host delivers chunked bodies empty: send Content-Length';
    return unread(verified.bad === 'tooLarge' ? 413 : 400, { [verified.bad]: 1 });
  }

  const { items, merged, unknownKey, refused } = verified;
  const counts: ReceiveCounts = { items: items.length, accepted: 0, merged, unknownKey, refused };
  if (verified.stopped) extra['stopped'] = true;
  if (verified.unknownEvents > 0) extra['unknownEvents'] = verified.unknownEvents;
  const passed = verified.jobs.length + verified.lifecycle.length;
  const fromGraph = passed > 0;
  if (passed === 0) return { status: unknownKey > 0 ? 503 : 202, counts, fromGraph };
  extra['traceId'] = trace.traceId;
  try {
    if (!(await tokensAreGood(dependencies, verified, signal))) {
      counts.refused = { ...refused, validationTokens: passed };
      return { status: 202, counts, fromGraph };
    }
    const { stored, failure } = await storeAll(dependencies, verified, signal);
    counts.accepted = stored;
    if (failure !== undefined) noteError(extra, failure);
    if (stored < passed) extra['notStored'] = passed - stored;
  } catch (error) {
    noteError(extra, error);
    extra['notStored'] = passed;
    return { status: 503, counts, fromGraph };
  }
  return { status: counts.accepted < passed || unknownKey > 0 ? 503 : 202, counts, fromGraph };
}

async function readAndVerify(
  { ring, clientId, clock, takeTurn }: ReceiveDependencies,
  { readBody, signal }: PostedBatch,
  { record, nextTraceparent }: Pick<VerifyContext, 'record' | 'nextTraceparent'>,
): Promise<VerifiedBody | { bad: BadBody | 'tooLarge' }> {
  const body = await readBody();
  if (body.byteLength > MAX_BODY_BYTES) return { bad: 'tooLarge' };
  const receivedAt = new Date(clock.now()).toISOString();
  return verifyBody(ring, body, { clientId, receivedAt, record, nextTraceparent }, { takeTurn, signal });
}

function unread(status: 400 | 413 | 503, refused: ReceiveCounts['refused'], fromGraph: FromGraph = false): Received {
  return { status, counts: { items: 0, accepted: 0, merged: 0, unknownKey: 0, refused }, fromGraph };
}

/**
 * Print notifications carry no tokens (resources/changenotificationcollection.md), so an absent or empty list is valid.
 * Tokens are verified only after an item has passed, so that only Graph can make us fetch keys.
 */
async function tokensAreGood(
  { verifyTokens }: ReceiveDependencies,
  { validationTokens, items }: VerifiedBody,
  signal: AbortSignal,
): Promise<boolean> {
  if (validationTokens === undefined || validationTokens === null) return true;
  if (Array.isArray(validationTokens) && validationTokens.length === 0) return true;
  // Refused items count too: their tokens do not make the others bad.
  const tenants = new Set<string>();
  for (const item of items) {
    const tenantId = isRecord(item) ? tenantOf(item) : undefined;
    if (tenantId !== undefined) tenants.add(tenantId);
  }
  return untilAborted(signal, verifyTokens(validationTokens, tenants));
}

/** Stores one message per item. The result says how many are durable. */
function storeAll({ queues }: ReceiveDependencies, { jobs, lifecycle }: VerifiedBody, signal: AbortSignal) {
  return sendAll(
    [
      ...jobs.map((job) => () => queues.jobs.send(formatJobMessage(job), { signal })),
      ...lifecycle.map((event) => () => queues.subscriptions.send(formatSubscriptionMessage(event), { signal })),
    ],
    signal,
  );
}

export interface SendResult {
  /** How many sends have succeeded so far. */
  stored: number;
  /** The first failure. */
  failure?: unknown;
}

/** Runs all sends side by side until the signal is aborted. A failed send does not affect the others. Never rejects. */
export async function sendAll(sends: readonly (() => Promise<void>)[], signal: AbortSignal): Promise<SendResult> {
  // Each send listens to the signal, and Node warns of a leak from the eleventh listener on.
  setMaxListeners(0, signal);
  const result: SendResult = { stored: 0 };
  const waiting = sends.values();
  const lane = async () => {
    for (const send of waiting) {
      if (signal.aborted) return;
      try {
        await send();
        result.stored += 1;
      } catch (error) {
        result.failure ??= error;
      }
    }
  };
  const lanes = Array.from({ length: Math.min(sends.length, SENDS_AT_ONCE) }, lane);
  try {
    await untilAborted(signal, Promise.all(lanes));
  } catch (reason) {
    result.failure ??= reason;
  }
  // A copy, because sends still in progress may end later.
  return { ...result };
}

/** `status` is the status of our answer. The one from storage or Entra is `errorStatus`. */
function noteError(extra: LogFields, error: unknown): void {
  const { status, ...fields } = errorFields(error);
  Object.assign(extra, fields, { errorStatus: status });
}
