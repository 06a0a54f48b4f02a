import { doublingMs } from '../backoff';
import type { Clock } from '../clock';
import { ReceiverError } from '../errors';
import { parseText } from '../parse';
import type { Measure } from '../telemetry/catalogue';
import { answerTime, GraphError, LONGEST_SILENCE_MS, nameOf, toGraphError, wasNotSent } from './errors';
import type { HttpAnswer, SendHttp } from './http';
import { GRAPH_CALL_LIMIT_MS, type Silence, type Throttle } from './throttle';
import type { Tokens } from './tokens';

/** One request to Microsoft Graph on behalf of one tenant. */
export interface GraphCall {
  tenantId: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Relative to GRAPH_BASE_URL, ids already encoded, e.g. `/subscriptions/{id}`. */
  path: string;
  body?: unknown;
  /** The permission that this call needs, for the remedy of a 401 or 403. */
  permission: string;
  /** Milliseconds that one try may take, where the usual 10 s are not enough. */
  tryTimeoutMs?: number;
  /** A status besides 2xx that is an answer too: 424 of a `$batch`, 302 of a document. */
  alsoAnswer?: number;
  /** A POST that may be sent again after its answer was lost, because it creates nothing. */
  repeatable?: true;
}

export interface GraphAnswer {
  status: number;
  /** Parsed JSON, or undefined for an empty answer. */
  body: unknown;
  /** When Graph answered, by its own clock (header Date); milliseconds since 1970. */
  answeredAt?: number;
  /** Of a 202: the address of the operation that Graph has started (header Operation-Location). Only to be read for its id. */
  operationLocation?: string;
  /** Of a 302: its header Location. */
  location?: string;
}

/**
 * Sends one call to Microsoft Graph. Resolves for every 2xx and rejects with a GraphError otherwise, or with what the
 * tokens throw. It waits out a Retry-After of 5 s or less. While its tenant is throttled for longer it sends nothing and
 * rejects with `graphThrottled`. After 15 minutes of that, one call shows whether the tenant is still throttled.
 */
export type CallGraph = (call: GraphCall) => Promise<GraphAnswer>;

export interface GraphClientDeps {
  /** GRAPH_BASE_URL, without a slash at the end. */
  baseUrl: string;
  sendHttp: SendHttp;
  tokens: Tokens;
  throttle: Throttle;
  silence: Silence;
  clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  random: () => number;
  measure: Measure;
}

/** One try. Graph answers print calls in well under a second. */
const TRY_TIMEOUT_MS = 10_000;
/** Longer pauses are handed to the caller, who defers its work. */
export const LONGEST_WAIT_IN_PLACE_MS = 5_000;
export const MOST_TRIES = 4;

/** Microsoft Graph over HTTP with tokens, throttling, retries and typed errors, as `CallGraph` promises. */
export function createGraphClient(deps: GraphClientDeps): CallGraph {
  const send = createSend(deps);
  return async (call) => {
    try {
      return await send(call);
    } catch (error) {
      // What a pause kept back is no call.
      if (!wasNotSent(error)) measureFailure(deps.measure, error);
      throw error;
    }
  };
}

/** Counts a call, or a part of a `$batch`, that ended with an error. */
export function measureFailure(measure: Measure, error: unknown): void {
  const code = error instanceof ReceiverError ? error.code : 'unexpected';
  measure({ metric: 'upr.graph.failures', value: 1, dimensions: { code } });
}

/** concepts/throttling.md names 429, and concepts/errors.md names 503 and 509 as requests to wait. */
const THROTTLED = [429, 503, 509];

/** Counts an answer, or the answer of a part, that asks to wait. */
export function measureThrottling(measure: Measure, status: number | undefined): void {
  if (status === undefined || !THROTTLED.includes(status)) return;
  measure({ metric: 'upr.graph.throttled', value: 1, dimensions: { status: String(status) } });
}

function createSend(deps: GraphClientDeps): CallGraph {
  const { tokens, throttle, silence, clock, random } = deps;
  return async (call) => {
    const { tenantId, tryTimeoutMs = TRY_TIMEOUT_MS } = call;
    const startedAt = clock.now();
    const mayStart = (waitMs: number) => clock.now() - startedAt + waitMs + tryTimeoutMs <= GRAPH_CALL_LIMIT_MS;
    let isAnswered = false;
    for (let tries = 1; ; tries += 1) {
      await waitForTenant(deps, call, mayStart);
      const token = await tokens.get(tenantId);
      if (!mayStart(0)) {
        const problem = `${nameOf(call)} was not sent: the token of tenant ${tenantId} took too long`;
        throw new GraphError('graphUnavailable', problem);
      }
      const result = await tryOnce(deps, call, token, tryTimeoutMs);
      if ('answer' in result) return result.answer;
      if ('notSent' in result) {
        // The tenant was throttled while this call waited for its token or its connection.
        tries -= 1;
        continue;
      }
      const { error, mayRepeat, wasLook } = result;
      isAnswered ||= error.status !== undefined;
      if (error.status === 401 || error.status === 403) tokens.refused(tenantId);
      const pausesTenant = wasLook || error.code === 'graphThrottled' || error.retryAfterMs !== undefined;
      const pauseMs = wasLook ? LONGEST_SILENCE_MS : pauseAfter(error.retryAfterMs, tries, random());
      if (pausesTenant) throttle.pause(tenantId, pauseMs);
      const hasTime = pauseMs <= LONGEST_WAIT_IN_PLACE_MS && tries < MOST_TRIES && mayStart(pauseMs);
      if (!mayRepeat || !hasTime) {
        if (!isAnswered) silence.unanswered(tenantId);
        error.wasRepeated = tries > 1;
        error.wasAnswered = isAnswered;
        throw error;
      }
      // A pause of the tenant is waited out at the top of the loop, including what other calls have added to it.
      if (!pausesTenant) await clock.sleep(pauseMs);
    }
  };
}

/** Waits out a short pause of the tenant. @throws GraphError `graphThrottled` during a long one */
async function waitForTenant(
  { throttle, clock }: GraphClientDeps,
  { tenantId, method }: GraphCall,
  mayStart: (waitMs: number) => boolean,
): Promise<void> {
  for (;;) {
    const waitMs = throttle.remainingMs(tenantId);
    if (waitMs === 0) return;
    if (waitMs > LONGEST_WAIT_IN_PLACE_MS || !mayStart(waitMs)) {
      const seconds = Math.ceil(waitMs / 1000);
      const problem = `${method} was not sent: Graph throttles tenant ${tenantId} for another ${seconds} s`;
      throw new GraphError('graphThrottled', problem, { retryAfterMs: waitMs });
    }
    await clock.sleep(waitMs);
  }
}

type TryResult =
  | { answer: GraphAnswer }
  /** `wasLook`: it was the one call of a long pause, and the pause continues. */
  | { error: GraphError; mayRepeat: boolean; wasLook: boolean }
  | { notSent: true };

async function tryOnce(
  { baseUrl, sendHttp, silence, throttle, clock, measure }: GraphClientDeps,
  call: GraphCall,
  token: string,
  timeoutMs: number,
): Promise<TryResult> {
  const { tenantId } = call;
  const hasBody = call.body !== undefined;
  // Only the caller can find out whether a POST whose answer was lost has created something.
  const isRepeatable = call.method !== 'POST' || call.repeatable === true;
  let isLook = false;
  const maySend = () => {
    const admission = throttle.admit(tenantId);
    isLook = admission === 'look';
    return admission !== 'paused';
  };
  let answer: HttpAnswer;
  try {
    const sent = await sendHttp({
      method: call.method,
      url: `${baseUrl}${call.path}`,
      headers: { Authorization: `Bearer ${token}`, ...(hasBody && { 'Content-Type': 'application/json' }) },
      ...(hasBody && { body: JSON.stringify(call.body) }),
      timeoutMs,
      maySend,
    });
    if (sent === 'notSent') return { notSent: true };
    answer = sent;
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    const error = new GraphError('graphUnavailable', `${nameOf(call)} failed at ${baseUrl}${reason}`, {
      cause,
      remedy: 'If this lasts, check GRAPH_BASE_URL and the network of the app.',
    });
    return { error, mayRepeat: isRepeatable, wasLook: isLook };
  }
  const { status } = answer;
  silence.answered(tenantId);
  measureThrottling(measure, status);
  if ((status >= 200 && status < 300) || status === call.alsoAnswer) {
    if (isLook) throttle.end(tenantId);
    const answeredAt = answerTime(answer);
    const operationLocation = parseText(answer.headers['operation-location']);
    const location = status === 302 ? parseText(answer.headers['location']) : '';
    return {
      answer: {
        ...{ status, body: parseBody(call, answer) },
        ...(answeredAt === undefined ? {} : { answeredAt }),
        ...(operationLocation === '' ? {} : { operationLocation }),
        ...(location === '' ? {} : { location }),
      },
    };
  }
  const error = toGraphError(call, answer, clock.now());
  const isUndone = THROTTLED.includes(status);
  const mayRepeat = error.retryable && (isRepeatable || isUndone);
  const wasLook = isLook && (error.retryable || error.retryAfterMs !== undefined);
  if (isLook && !wasLook) throttle.end(tenantId);
  return { error, mayRepeat, wasLook };
}

function parseBody(call: GraphCall, { status, body }: HttpAnswer): unknown {
  // A redirect may carry a page for people.
  if (body === '' || status === 302) return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    const problem = `Graph returned ${status} without JSON for ${nameOf(call)}`;
    throw new GraphError('graphAnswerUnreadable', problem, { status });
  }
}

/** The answer of a call, or undefined when Graph returned 404. Rejects as the call otherwise. */
export async function unlessNotFound(call: Promise<GraphAnswer>): Promise<GraphAnswer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return undefined;
    throw error;
  }
}

/** Spreads the calls that wait for the same moment. */
const LONGEST_JITTER_MS = 2_000;
const BACKOFF = { firstMs: 500, longestMs: 4_000 };
/** Timers may fire a moment early, and the clocks of both sides differ: a try must never start too early. */
const MARGIN_MS = 60;

/**
 * Milliseconds to wait after the `tries`-th try (1 or more) failed: a little over the Retry-After, and never less than a
 * doubling back-off, because Graph may ask for 0 seconds again and again.
 *
 * @param random 0 inclusive to 1 exclusive
 */
export function pauseAfter(retryAfterMs: number | undefined, tries: number, random: number): number {
  const waitMs = Math.max(retryAfterMs ?? 0, doublingMs(BACKOFF, tries));
  return waitMs + MARGIN_MS + random * Math.min(waitMs / 4, LONGEST_JITTER_MS);
}
