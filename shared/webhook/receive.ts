import type { Clock } from '../clock';
import { errorFields } from '../errors';
import { formatJobMessage } from '../jobs/message';
import type { LogFields, Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import { formatSubscriptionMessage } from '../subscriptions/message';
import { untilAborted } from '../concurrency';
import type { KeyRing } from '../config';
import { parseId, isRecord } from '../parse';
import { createTrace, type RandomBytes } from '../jobs/createTrace';
import { judgeBody, type JudgedBody } from './judgeBody';
import type { Refusal } from './judgeItem';
import type { BadBody } from './parseNotifications';
import { sendAll } from './sendAll';

/** Graph's batches are some kilobytes; the host itself takes 100 MB. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Why a batch of validation tokens is not believed. */
export type BadTokens = 'validationTokens';

export type RefusalReason = BadBody | 'tooLarge' | Refusal | BadTokens;

/**
 * Checks the validationTokens of a batch. Resolves false when one of them is bad; rejects when the signing keys cannot
 * be had.
 *
 * @param tenants the tenants that the batch names, lower-cased
 */
export type VerifyTokens = (tokens: unknown, tenants: ReadonlySet<string>) => Promise<boolean>;

export interface ReceiveDependencies {
  ring: KeyRing;
  queues: { jobs: MessageQueue; subscriptions: MessageQueue };
  verifyTokens: VerifyTokens;
  clock: Clock;
  randomBytes: RandomBytes;
  logger: Logger;
}

export interface PostedBatch {
  /** The route it came by, for the log only. */
  route: string;
  /** The header Content-Length as sent, or null. */
  declaredLength: string | null;
  readBody(): Promise<Uint8Array>;
  /** Ends all work with 503. */
  signal: AbortSignal;
}

export interface ReceiveCounts {
  items: number;
  /** Items whose message is stored. */
  accepted: number;
  unknownKey: number;
  refused: Partial<Record<RefusalReason, number>>;
}

export interface Received {
  status: 202 | 400 | 413 | 503;
  counts: ReceiveCounts;
}

/**
 * Receives one POST of change notifications: verifies each item, stores one message per accepted item and says what
 * to answer. 202: everything that was accepted is durable. 503: Graph should come again, because something accepted
 * could not be stored in time, the signing keys of its tokens are out of reach, or an item was signed by a key that
 * we do not have. 400 and 413: no batch at all. Writes one log line.
 *
 * @throws what `readBody` rejects with, and the signal's reason when the time is up before the body is there
 */
export async function receive(dependencies: ReceiveDependencies, batch: PostedBatch): Promise<Received> {
  const { clock, logger } = dependencies;
  const startedAt = clock.now();
  const extra: LogFields = {};
  const received = await judgeAndStore(dependencies, batch, extra);
  const { status, counts } = received;
  const refused = Object.values(counts.refused).reduce((sum, count) => sum + count, 0);
  const fields: LogFields = {
    route: batch.route,
    status,
    items: counts.items,
    accepted: counts.accepted,
    unknownKey: counts.unknownKey,
    refused,
  };
  for (const [reason, count] of Object.entries(counts.refused)) fields[`refused.${reason}`] = count;
  const level = status === 503 ? 'error' : refused > 0 ? 'warn' : 'info';
  logger[level]('notifications.received', { ...fields, ...extra, ms: clock.now() - startedAt });
  return received;
}

async function judgeAndStore(
  dependencies: ReceiveDependencies,
  batch: PostedBatch,
  extra: LogFields,
): Promise<Received> {
  const { ring, clock, randomBytes } = dependencies;
  if (Number(batch.declaredLength) > MAX_BODY_BYTES) return noBatch(413, 'tooLarge');
  const body = await untilAborted(batch.signal, batch.readBody());
  if (body.byteLength > MAX_BODY_BYTES) return noBatch(413, 'tooLarge');

  const trace = createTrace(randomBytes);
  const judged = judgeBody(ring, body, {
    receivedAt: new Date(clock.now()).toISOString(),
    nextTraceparent: trace.nextTraceparent,
  });
  if ('bad' in judged) {
    if (judged.bad === 'emptyBody')
      extra['hint'] = 'The host hands over chunked bodies empty: send Content-Length';
    return noBatch(400, judged.bad);
  }

  const counts: ReceiveCounts = {
    items: judged.items.length,
    accepted: 0,
    unknownKey: judged.unknownKey,
    refused: judged.refused,
  };
  const passed = judged.jobs.length + judged.lifecycle.length;
  if (passed === 0) return { status: counts.unknownKey > 0 ? 503 : 202, counts };
  extra['traceId'] = trace.traceId;
  try {
    if (!(await tokensAreGood(dependencies, judged, batch.signal))) {
      counts.refused = { ...judged.refused, validationTokens: passed };
      return { status: 202, counts };
    }
    const { stored, failure } = await storeAll(dependencies, judged, batch.signal);
    counts.accepted = stored;
    if (failure !== undefined) noteError(extra, failure);
  } catch (error) {
    noteError(extra, error);
    return { status: 503, counts };
  }
  return { status: counts.accepted < passed || counts.unknownKey > 0 ? 503 : 202, counts };
}

function noBatch(status: 400 | 413, reason: BadBody | 'tooLarge'): Received {
  return { status, counts: { items: 0, accepted: 0, unknownKey: 0, refused: { [reason]: 1 } } };
}

/**
 * Print notifications carry no tokens (resources/changenotificationcollection.md), so an absent or empty list is no
 * reason for doubt. They are looked at only now that an item has passed, so that nobody else can make us fetch keys.
 */
async function tokensAreGood(
  { verifyTokens }: ReceiveDependencies,
  { validationTokens, items }: JudgedBody,
  signal: AbortSignal,
): Promise<boolean> {
  if (validationTokens === undefined || validationTokens === null) return true;
  if (Array.isArray(validationTokens) && validationTokens.length === 0) return true;
  // Of refused items too: their tokens say nothing against the others.
  const tenants = new Set<string>();
  for (const item of items) {
    const tenantId = isRecord(item)
      ? (parseId(item['tenantId']) ?? parseId(item['organizationId']))
      : undefined;
    if (tenantId !== undefined) tenants.add(tenantId);
  }
  return untilAborted(signal, verifyTokens(validationTokens, tenants));
}

/** Stores one message per item; the result says how many are durable. */
function storeAll({ queues }: ReceiveDependencies, { jobs, lifecycle }: JudgedBody, signal: AbortSignal) {
  return sendAll(
    [
      ...jobs.map((job) => () => queues.jobs.send(formatJobMessage(job), { signal })),
      ...lifecycle.map(
        (event) => () => queues.subscriptions.send(formatSubscriptionMessage(event), { signal }),
      ),
    ],
    signal,
  );
}

/** The status of the answer is taken: the one that storage or Entra gave is `errorStatus`. */
function noteError(extra: LogFields, error: unknown): void {
  const { status, ...fields } = errorFields(error);
  Object.assign(extra, fields, { errorStatus: status });
}
