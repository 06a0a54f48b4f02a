import type { Clock } from '../clock';
import { isRecord } from '../parse';
import {
  LONGEST_WAIT_IN_PLACE_MS,
  MOST_TRIES,
  pauseAfter,
  type CallGraph,
  type GraphAnswer,
  type GraphCall,
  type Throttle,
} from './client';
import { GraphError, toGraphError } from './errors';

/** A `$batch` holds at most so many parts (concepts/json-batching.md). */
export const MOST_PARTS = 20;

/** Graph needs longer for twenty writes than for one. Two tries fit the limit of a call. */
const BATCH_TIMEOUT_MS = 20_000;

/** One request inside a `$batch`. POST is excluded: a part whose answer is missing is sent again. */
export type BatchPart = Pick<GraphCall, 'path' | 'body' | 'permission'> & { method: 'PATCH' | 'DELETE' };

/** How one part ended: as a call of its own would have resolved or rejected. */
export type PartResult = { answer: GraphAnswer } | { error: unknown };

/**
 * Sends up to 20 requests of one tenant as one. Never rejects: an error of the batch as a whole is the result of each of
 * its parts. The results are in the order of the parts.
 */
export type CallGraphBatch = (tenantId: string, parts: readonly BatchPart[]) => Promise<PartResult[]>;

/**
 * `$batch` over `callGraph`. A batch with a throttled part is answered with 424 (concepts/throttling.md) or 200
 * (concepts/json-batching.md): both are read part by part. A part that is throttled, temporarily unavailable or missing
 * in the answer is sent again in a smaller batch, never before its own Retry-After. A pause of more than 5 s is left to
 * the caller. A batch whose answer as a whole cannot be used is sent again in halves.
 */
export function createGraphBatch(deps: {
  callGraph: CallGraph;
  throttle: Pick<Throttle, 'pause'>;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
}): CallGraphBatch {
  const { callGraph, throttle, clock, random } = deps;
  return sendParts;

  async function sendParts(tenantId: string, parts: readonly BatchPart[]): Promise<PartResult[]> {
    const results: PartResult[] = parts.map((part) => ({ error: missingPart(part) }));
    let open: Numbered[] = parts.map((part, index) => ({ part, index }));
    for (let tries = 1; open.length > 0; tries += 1) {
      let answers: Map<string, PartAnswer>;
      try {
        answers = await sendOnce(callGraph, tenantId, open);
      } catch (error) {
        // The client has retried already.
        const apart = isFaultOfOnePart(error) ? await sendApart(tenantId, open) : open.map(() => ({ error }));
        for (const [place, { index }] of open.entries()) results[index] = apart[place] ?? { error };
        return results;
      }
      const again: Numbered[] = [];
      let longestPauseMs = 0;
      for (const numbered of open) {
        const { part, index } = numbered;
        const result = readPart(part, answers.get(String(index)), clock.now());
        results[index] = result;
        if (!('error' in result) || !result.error.retryable) continue;
        const pauseMs = pauseAfter(result.error.retryAfterMs, tries, random());
        if (result.error.code === 'graphThrottled') throttle.pause(tenantId, pauseMs);
        if (pauseMs > LONGEST_WAIT_IN_PLACE_MS || tries === MOST_TRIES) continue;
        again.push(numbered);
        longestPauseMs = Math.max(longestPauseMs, pauseMs);
      }
      open = again;
      if (open.length > 0) await clock.sleep(longestPauseMs);
    }
    return results;
  }

  /** Sends the same parts in two halves, down to single calls: one part must not spoil the others. */
  async function sendApart(tenantId: string, open: readonly Numbered[]): Promise<PartResult[]> {
    const parts = open.map(({ part }) => part);
    const [only] = parts;
    if (only && parts.length === 1) return [await sendSingly(callGraph, tenantId, only)];
    const middle = Math.ceil(parts.length / 2);
    const first = await sendParts(tenantId, parts.slice(0, middle));
    return [...first, ...(await sendParts(tenantId, parts.slice(middle)))];
  }
}

/** An answer that cannot be read, a refusal or a 500: perhaps of one part alone. An outage is none, and is left to the caller. */
function isFaultOfOnePart(error: unknown): boolean {
  if (!(error instanceof GraphError)) return false;
  return error.code === 'graphAnswerUnreadable' || error.code === 'graphRejected' || error.status === 500;
}

/** Sends one part as a call of its own. Never rejects, like a batch. */
export async function sendSingly(callGraph: CallGraph, tenantId: string, part: BatchPart): Promise<PartResult> {
  try {
    return { answer: await callGraph({ tenantId, ...part }) };
  } catch (error) {
    return { error };
  }
}

interface Numbered {
  part: BatchPart;
  index: number;
}

interface PartAnswer {
  status: number;
  /** Names in lower case. */
  headers: Record<string, unknown>;
  body: unknown;
}

/** The answers by the id of their part. Rejects as `callGraph`. */
async function sendOnce(
  callGraph: CallGraph,
  tenantId: string,
  open: readonly Numbered[],
): Promise<Map<string, PartAnswer>> {
  const requests = open.map(({ part: { method, path, body }, index }) => ({
    id: String(index),
    method,
    url: path,
    ...(body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body }),
  }));
  const { body } = await callGraph({
    tenantId,
    method: 'POST',
    path: '/$batch',
    body: { requests },
    permission: [...new Set(open.map(({ part }) => part.permission))].join(' and '),
    tryTimeoutMs: BATCH_TIMEOUT_MS,
    alsoAnswer: 424,
    repeatable: true,
  });
  const responses: unknown[] = isRecord(body) && Array.isArray(body['responses']) ? body['responses'] : [];
  const answers = new Map<string, PartAnswer>();
  for (const response of responses) {
    const { id, status, headers, body: own } = isRecord(response) ? response : {};
    if (typeof id !== 'string' || typeof status !== 'number') continue;
    const named = Object.entries(isRecord(headers) ? headers : {});
    const lower = Object.fromEntries(named.map(([name, value]) => [name.toLowerCase(), value]));
    answers.set(id, { status, headers: lower, body: own });
  }
  return answers;
}

function readPart(
  part: BatchPart,
  answer: PartAnswer | undefined,
  now: number,
): { answer: GraphAnswer } | { error: GraphError } {
  if (!answer) return { error: missingPart(part) };
  const { status, headers, body } = answer;
  if (status >= 200 && status < 300) return { answer: { status, body } };
  const text = body === undefined ? '' : JSON.stringify(body);
  return { error: toGraphError(part, { status, headers, body: text }, now) };
}

/** Whether the part took effect is unknown: PATCH and DELETE may be sent again. */
function missingPart({ method, path }: BatchPart): GraphError {
  return new GraphError('graphUnavailable', `Graph answered a $batch without a part for ${method} ${path}`);
}
