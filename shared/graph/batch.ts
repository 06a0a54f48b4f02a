import type { Clock } from '../clock';
import { isRecord } from '../parse';
import {
  LONGEST_WAIT_IN_PLACE_MS,
  measureFailure,
  measureThrottling,
  MOST_TRIES,
  pauseAfter,
  type CallGraph,
  type GraphAnswer,
  type GraphCall,
  type GraphClientDeps,
} from './client';
import { GraphError, nameOf, toGraphError, unreadableAnswer } from './errors';

/** A `$batch` holds at most so many parts (concepts/json-batching.md). */
export const MOST_PARTS = 20;

/** Graph needs longer for twenty requests than for one. Two tries fit the limit of a call. */
const BATCH_TIMEOUT_MS = 20_000;

/** One request inside a `$batch`. POST is excluded: a part whose answer is missing is sent again. */
export type BatchPart = Pick<GraphCall, 'path' | 'body' | 'permission'> & { method: 'GET' | 'PATCH' | 'DELETE' };

/** How one part ended: as a call of its own would have resolved or rejected. */
export type PartResult = { answer: GraphAnswer } | { error: unknown };

/**
 * Sends up to 20 requests of one tenant as one. Never rejects: an error of the batch as a whole is the result of each of
 * its parts. The results are in the order of the parts.
 */
export type CallGraphBatch = (tenantId: string, parts: readonly BatchPart[]) => Promise<PartResult[]>;

type BatchDeps = Pick<GraphClientDeps, 'throttle' | 'clock' | 'random' | 'measure'> & { callGraph: CallGraph };

/**
 * `$batch` over `callGraph`. A batch with a throttled part is answered with 424 (concepts/throttling.md) or 200
 * (concepts/json-batching.md): both are read part by part. A part that is throttled, temporarily unavailable or missing
 * in the answer is sent again in a smaller batch, never before its own Retry-After. A pause of more than 5 s is left to
 * the caller. A batch whose answer as a whole cannot be used is sent again in halves. One that is not answered is so too, once
 * a single call has shown that Graph answers.
 */
export function createGraphBatch({ callGraph, throttle, clock, random, measure }: BatchDeps): CallGraphBatch {
  return (tenantId, parts) => sendParts({ tenantId, isAnswered: false }, parts);

  async function sendParts(sequence: Sequence, parts: readonly BatchPart[], tries = 1): Promise<PartResult[]> {
    const { tenantId, outage } = sequence;
    const [first, ...others] = parts;
    if (first === undefined) return [];
    if (outage) return parts.map(() => outage);
    // After a long pause one call looks whether it still holds. The parts of a batch are throttled one by one.
    if (throttle.isLookDue(tenantId)) {
      return [await sendSingly(callGraph, tenantId, first), ...(await sendParts(sequence, others))];
    }
    let sent: Sent[];
    try {
      sent = await sendOnce(callGraph, tenantId, parts, clock);
    } catch (error) {
      // The client has retried already.
      if (isFaultOfOnePart(error)) return sendApart(sequence, parts);
      return isUnanswered(error) ? sendOneFirst(sequence, parts, error) : parts.map(() => ({ error }));
    }
    sequence.isAnswered = true;
    const again: Sent[] = [];
    let longestPauseMs = 0;
    for (const one of sent) {
      if (!('error' in one.result)) continue;
      const { error } = one.result;
      if (error instanceof GraphError) measureThrottling(measure, error.status);
      const isRetryable = error instanceof GraphError && error.retryable;
      const pauseMs = isRetryable ? pauseAfter(error.retryAfterMs, tries, random()) : Infinity;
      if (isRetryable && error.code === 'graphThrottled') throttle.pause(tenantId, pauseMs);
      if (pauseMs > LONGEST_WAIT_IN_PLACE_MS || tries === MOST_TRIES) {
        measureFailure(measure, error);
        continue;
      }
      again.push(one);
      longestPauseMs = Math.max(longestPauseMs, pauseMs);
    }
    if (again.length > 0) await clock.sleep(longestPauseMs);
    const open = again.map(({ part }) => part);
    const repeated = await sendParts(sequence, open, tries + 1);
    for (const [index, one] of again.entries()) one.result = repeated[index] ?? one.result;
    return sent.map(({ result }) => result);
  }

  /** Sends the same parts in two halves, down to single calls: one part must not spoil the others. */
  async function sendApart(sequence: Sequence, parts: readonly BatchPart[]): Promise<PartResult[]> {
    const [only] = parts;
    if (only && parts.length === 1) return [sequence.outage ?? (await sendSingly(callGraph, sequence.tenantId, only))];
    const middle = Math.ceil(parts.length / 2);
    const first = await sendParts(sequence, parts.slice(0, middle));
    return [...first, ...(await sendParts(sequence, parts.slice(middle)))];
  }

  /**
   * One part may keep Graph from answering the whole batch, as an outage does. A single call shows which it is, and may be the
   * one at fault: any part goes first, and the others follow where Graph has just answered. In an outage nothing follows.
   */
  async function sendOneFirst(sequence: Sequence, parts: readonly BatchPart[], error: unknown): Promise<PartResult[]> {
    const place = Math.floor(random() * parts.length);
    const [one] = parts.slice(place);
    if (!one || parts.length === 1) return parts.map(() => ({ error }));
    const result = await sendSingly(callGraph, sequence.tenantId, one);
    const wasAnswered = sequence.isAnswered;
    sequence.isAnswered = isAnswer(result);
    if (!wasAnswered && !sequence.isAnswered) sequence.outage = { error };
    const others = [...parts.slice(0, place), ...parts.slice(place + 1)];
    const results = sequence.isAnswered ? await sendApart(sequence, others) : await sendParts(sequence, others);
    return [...results.slice(0, place), result, ...results.slice(place)];
  }
}

/** The calls that one batch turns into. */
interface Sequence {
  tenantId: string;
  /** Graph has answered the last batch or single call that showed whether it does. */
  isAnswered: boolean;
  /** Graph answers nothing: the result of all parts that are left. */
  outage?: { error: unknown };
}

/** An answer that cannot be read, a refusal or a 500: perhaps of one part alone. */
function isFaultOfOnePart(error: unknown): boolean {
  if (!(error instanceof GraphError)) return false;
  return error.code === 'graphAnswerUnreadable' || error.code === 'graphRejected' || error.status === 500;
}

/** Graph gave no answer, or one that says so: an outage, or one part alone. */
function isUnanswered(error: unknown): boolean {
  return error instanceof GraphError && error.code === 'graphUnavailable';
}

/** Graph has dealt with a single call, whatever it said. */
function isAnswer(result: PartResult): boolean {
  if ('answer' in result) return true;
  return result.error instanceof GraphError && result.error.status !== undefined && !result.error.retryable;
}

/** Sends one part as a call of its own. Never rejects, like a batch. */
export async function sendSingly(callGraph: CallGraph, tenantId: string, part: BatchPart): Promise<PartResult> {
  try {
    return { answer: await callGraph({ tenantId, ...part }) };
  } catch (error) {
    return { error };
  }
}

/** A part and how its last try ended. */
interface Sent {
  part: BatchPart;
  result: PartResult;
}

/** Rejects as `callGraph`, and with `graphAnswerUnreadable`. */
async function sendOnce(
  callGraph: CallGraph,
  tenantId: string,
  parts: readonly BatchPart[],
  clock: Pick<Clock, 'now'>,
): Promise<Sent[]> {
  const requests = parts.map(({ method, path, body }, index) => ({
    id: String(index),
    method,
    url: path,
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body }),
  }));
  const { body, answeredAt = clock.now() } = await callGraph({
    tenantId,
    method: 'POST',
    path: '/$batch',
    body: { requests },
    permission: [...new Set(parts.map(({ permission }) => permission))].join(' and '),
    tryTimeoutMs: BATCH_TIMEOUT_MS,
    alsoAnswer: 424,
    repeatable: true,
  });
  const responses: unknown = isRecord(body) ? body['responses'] : undefined;
  if (!Array.isArray(responses)) throw unreadableAnswer('a $batch without responses', '/$batch');
  const byId = new Map(responses.filter(isRecord).map((response) => [response['id'], response]));
  return parts.map((part, index) => ({ part, result: readPart(part, byId.get(String(index)) ?? {}, answeredAt) }));
}

function readPart(part: BatchPart, { status, headers, body }: Record<string, unknown>, answeredAt: number): PartResult {
  if (typeof status !== 'number') {
    // Whether the part took effect is unknown: GET, PATCH and DELETE may be sent again.
    return { error: new GraphError('graphUnavailable', `Graph answered a $batch without a part for ${nameOf(part)}`) };
  }
  if (status >= 200 && status < 300) return { answer: { status, body } };
  const named = Object.entries(isRecord(headers) ? headers : {});
  const lower = Object.fromEntries(named.map(([name, value]) => [name.toLowerCase(), value]));
  const text = body === undefined ? '' : JSON.stringify(body);
  return { error: toGraphError(part, { status, headers: lower, body: text }, answeredAt) };
}
