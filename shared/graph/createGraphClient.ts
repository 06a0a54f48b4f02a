import type { Clock } from '../clock';
import type { CallGraph, GraphAnswer, GraphCall } from './graphClient';
import { GraphError } from './graphError';
import { pauseAfter } from './pauseAfter';
import { createRefusedTokens } from './refusedTokens';
import type { HttpAnswer, SendHttp } from './sendHttp';
import type { Silence } from './silence';
import type { Throttle } from './throttle';
import { toGraphError } from './toGraphError';
import type { GetToken } from './tokens';

export interface GraphClientDeps {
  /** GRAPH_BASE_URL, without a slash at the end. */
  baseUrl: string;
  sendHttp: SendHttp;
  /** An access token for Graph in this tenant. @throws ReceiverError `tokenRefused`, `tokenUnavailable` */
  getToken: GetToken;
  throttle: Throttle;
  /** Hears whether Graph answers; absent where nobody wants to know. */
  silence?: Pick<Silence, 'answered' | 'unanswered'>;
  clock: Clock;
  /** 0 to 1. */
  random: () => number;
}

/** One try. Graph answers print calls in well under a second; a slower one is better asked again. */
const GRAPH_TRY_TIMEOUT_MS = 10_000;
/** Pauses up to here are waited out in place, longer ones are the caller's to postpone. */
export const LONGEST_WAIT_IN_PLACE_MS = 5_000;
/** No try starts unless it can end within this time of the call's begin. The ledger's lease is sized by it. */
export const GRAPH_CALL_LIMIT_MS = 45_000;
export const MOST_TRIES = 4;
/** Microsoft Graph over HTTP: tokens, throttling, retries and typed errors. See `CallGraph` for what it promises. */
export function createGraphClient(deps: GraphClientDeps): CallGraph {
  const refusedTokens = createRefusedTokens(deps.clock);
  return async (call) => {
    const startedAt = deps.clock.now();
    const { tryTimeoutMs = GRAPH_TRY_TIMEOUT_MS } = call;
    let heard = false;
    const mayStart = (waitMs: number) =>
      deps.clock.now() - startedAt + waitMs + tryTimeoutMs <= GRAPH_CALL_LIMIT_MS;
    for (let tries = 1; ; tries += 1) {
      await waitForTenant(deps, call, mayStart);
      const token = await deps.getToken(call.tenantId, { fresh: refusedTokens.takeFresh(call.tenantId) });
      // While the token was fetched another call may have been throttled.
      await waitForTenant(deps, call, mayStart);
      if (!mayStart(0)) {
        throw new GraphError('graphUnavailable', `The token came too late to send ${call.method} in time`);
      }
      const result = await tryOnce(deps, call, token);
      if ('answer' in result) return result.answer;
      const { error, mayRepeat } = result;
      heard ||= error.status !== undefined;
      if (error.status === 401 || error.status === 403) refusedTokens.refused(call.tenantId);
      const pauseMs = pauseAfter(error.retryAfterMs, tries, deps.random());
      const paused = error.code === 'graphThrottled' || error.retryAfterMs !== undefined;
      if (paused) deps.throttle.pause(call.tenantId, pauseMs);
      const patient = pauseMs <= LONGEST_WAIT_IN_PLACE_MS && tries < MOST_TRIES && mayStart(pauseMs);
      if (!mayRepeat || !patient) {
        if (!heard) deps.silence?.unanswered(call.tenantId);
        throw error;
      }
      // The pause of the tenant is waited out at the top, with what other calls may have added to it.
      if (!paused) await deps.clock.sleep(pauseMs);
    }
  };
}

/** Waits out a short pause of the tenant; refuses to start during a long one. */
async function waitForTenant(
  deps: GraphClientDeps,
  call: GraphCall,
  mayStart: (waitMs: number) => boolean,
): Promise<void> {
  for (;;) {
    const waitMs = deps.throttle.remainingMs(call.tenantId);
    if (waitMs === 0) return;
    if (waitMs > LONGEST_WAIT_IN_PLACE_MS || !mayStart(waitMs)) {
      throw new GraphError(
        'graphThrottled',
        `Graph asked for a pause of this tenant; ${call.method} was not sent`,
        { retryAfterMs: waitMs },
      );
    }
    await deps.clock.sleep(waitMs);
  }
}

type TryResult = { answer: GraphAnswer } | { error: GraphError; mayRepeat: boolean };

async function tryOnce(deps: GraphClientDeps, call: GraphCall, token: string): Promise<TryResult> {
  let answer: HttpAnswer;
  try {
    answer = await deps.sendHttp({
      method: call.method,
      url: `${deps.baseUrl}${call.path}`,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      timeoutMs: call.tryTimeoutMs ?? GRAPH_TRY_TIMEOUT_MS,
    });
  } catch (cause) {
    const error = new GraphError('graphUnavailable', `Graph did not answer ${call.method} in full`, {
      cause,
    });
    // A POST whose answer was lost may have made something: only its caller can find out.
    return { error, mayRepeat: isRepeatable(call) };
  }
  deps.silence?.answered(call.tenantId);
  if ((answer.status >= 200 && answer.status < 300) || answer.status === call.alsoAnswer)
    return { answer: readAnswer(call, answer) };
  const error = toGraphError(call, answer, deps.clock.now());
  const refused = answer.status === 429 || answer.status === 503 || answer.status === 509;
  return { error, mayRepeat: error.retryable && (isRepeatable(call) || refused) };
}

function isRepeatable(call: GraphCall): boolean {
  return call.method !== 'POST' || call.repeatable === true;
}

function readAnswer(call: GraphCall, answer: HttpAnswer): GraphAnswer {
  if (answer.body === '') return { status: answer.status, body: undefined };
  try {
    return { status: answer.status, body: JSON.parse(answer.body) as unknown };
  } catch {
    throw new GraphError(
      'graphAnswerUnreadable',
      `Graph answered ${call.method} with ${answer.status} but not with JSON`,
      { status: answer.status },
    );
  }
}
