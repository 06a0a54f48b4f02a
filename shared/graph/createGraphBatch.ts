import type { Clock } from '../clock';
import { isRecord } from '../parse';
import { LONGEST_WAIT_IN_PLACE_MS, MOST_TRIES } from './createGraphClient';
import type { CallGraph, GraphAnswer, GraphCall } from './graphClient';
import { GraphError } from './graphError';
import { pauseAfter } from './pauseAfter';
import type { HttpAnswer } from './sendHttp';
import type { Throttle } from './throttle';
import { toGraphError } from './toGraphError';

/** What a `$batch` holds at most (concepts/json-batching.md). */
export const MOST_PARTS = 20;

/** Twenty writes take Graph longer than one; two tries fit a call's limit. */
const BATCH_TIMEOUT_MS = 20_000;

/** One request inside a `$batch`. POST has no place here: a part whose answer is missing is sent again. */
export type BatchPart = Pick<GraphCall, 'path' | 'body' | 'permission'> & { method: 'PATCH' | 'DELETE' };

/** How one part ended: as a call of its own would have resolved or rejected. */
export type PartResult = { answer: GraphAnswer } | { error: unknown };

/**
 * Sends up to 20 requests of one tenant as one. Never rejects: what befalls the batch as a whole befalls each of its
 * parts. The results stand in the order of the parts.
 */
export type CallGraphBatch = (tenantId: string, parts: readonly BatchPart[]) => Promise<PartResult[]>;

/**
 * `$batch` over `callGraph`. A batch with a throttled part says 424 (concepts/throttling.md) or 200
 * (concepts/json-batching.md): both are read part by part. A part that is throttled, out of order for now, or missing in
 * the answer is sent again in a smaller batch, never before its own Retry-After; a pause of more than five seconds is
 * the caller's to postpone.
 */
export function createGraphBatch(deps: {
  callGraph: CallGraph;
  throttle: Pick<Throttle, 'pause'>;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
}): CallGraphBatch {
  const { callGraph, throttle, clock, random } = deps;
  return async (tenantId, parts) => {
    const results: PartResult[] = parts.map(() => ({ error: missing() }));
    let open: Numbered[] = parts.map((part, index) => ({ part, index }));
    for (let tries = 1; open.length > 0; tries += 1) {
      let answers: Map<string, HttpAnswer>;
      try {
        answers = await sendOnce(callGraph, tenantId, open);
      } catch (error) {
        // The client has repeated what was worth it.
        for (const { index } of open) results[index] = { error };
        return results;
      }
      const again: Numbered[] = [];
      let longestPauseMs = 0;
      for (const numbered of open) {
        const { part, index } = numbered;
        const result = readPart({ ...part, tenantId }, answers.get(String(index)), clock.now());
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
  };
}

interface Numbered {
  part: BatchPart;
  index: number;
}

/** The answers by the id of their part. Rejects as `callGraph`. */
async function sendOnce(
  callGraph: CallGraph,
  tenantId: string,
  open: readonly Numbered[],
): Promise<Map<string, HttpAnswer>> {
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
  const answers = new Map<string, HttpAnswer>();
  for (const response of responses) {
    if (!isRecord(response)) continue;
    const { id, status, headers, body: own } = response;
    if (typeof id !== 'string' || typeof status !== 'number') continue;
    const lower = Object.entries(isRecord(headers) ? headers : {}).map(([name, value]) => [
      name.toLowerCase(),
      value,
    ]);
    answers.set(id, {
      status,
      headers: Object.fromEntries(lower) as Record<string, unknown>,
      body: own === undefined ? '' : JSON.stringify(own),
    });
  }
  return answers;
}

function readPart(
  call: GraphCall,
  answer: HttpAnswer | undefined,
  now: number,
): { answer: GraphAnswer } | { error: GraphError } {
  if (!answer) return { error: missing() };
  const { status, body } = answer;
  if (status < 200 || status >= 300) return { error: toGraphError(call, answer, now) };
  return { answer: { status, body: body === '' ? undefined : (JSON.parse(body) as unknown) } };
}

/** Whether the part took effect is unknown: PATCH and DELETE may be sent again. */
function missing(): GraphError {
  return new GraphError('graphUnavailable', 'Graph answered a batch without this part of it');
}
