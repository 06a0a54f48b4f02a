/** What came back from the receiver. */
export type ReceiverAnswer =
  { status: number; contentType: string; body: string } | { error: 'timeout' | 'aborted' | 'unreachable' };

/** Posts one body to a receiver, with a hard time limit. */
export type PostToReceiver = (
  url: string,
  body: string,
  options: { timeoutMs: number; contentType: string; signal: AbortSignal },
) => Promise<ReceiverAnswer>;

/** Posts with fetch, which sets Content-Length for a text (the Functions host reads a chunked body as empty). */
export const postToReceiver: PostToReceiver = async (url, body, { timeoutMs, contentType, signal }) => {
  const ending = new AbortController();
  let error: 'timeout' | 'aborted' | 'unreachable' = 'unreachable';
  const end = (reason: 'timeout' | 'aborted') => {
    error = reason;
    ending.abort();
  };
  const onAbort = () => end('aborted');
  const timer = setTimeout(() => end('timeout'), timeoutMs);
  signal.addEventListener('abort', onAbort);
  try {
    const headers = { 'content-type': contentType };
    const init = { method: 'POST', headers, body, redirect: 'manual', signal: ending.signal } as const;
    const response = await fetch(url, init);
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType: type, body: await response.text() };
  } catch {
    return { error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};

/** How Graph treats the host of a receiver at the moment. */
export type EndpointState = 'normal' | 'slow' | 'drop';

// concepts/change-notifications-delivery-webhooks.md: the window, the shares and the times of both states.
const WINDOW_MS = 10 * 60 * 1000;
const SLOW_ANSWER_MS = 3_000;
const DROP_ANSWER_MS = 10_000;
const SLOW_SHARE = 0.1;
const DROP_SHARE = 0.15;

/** Records the answers of each host and decides whether its notifications are sent, delayed or dropped. */
export interface EndpointStates {
  record: (url: string, answerMs: number, now: number, fromAnswers: number) => void;
  stateOf: (url: string, now: number) => EndpointState;
  clear: () => void;
}

/** Makes empty states. A state lasts for 10 minutes of `Date`; then a fresh window of answers decides. */
export function createEndpointStates(): EndpointStates {
  interface Endpoint {
    answers: { at: number; answerMs: number }[];
    state: EndpointState;
    since: number;
  }
  const endpoints = new Map<string, Endpoint>();

  const endpointOf = (url: string): Endpoint => {
    const { host } = new URL(url);
    const known = endpoints.get(host) ?? { answers: [], state: 'normal', since: 0 };
    endpoints.set(host, known);
    return known;
  };

  return {
    record: (url, answerMs, now, fromAnswers) => {
      const endpoint = endpointOf(url);
      endpoint.answers = [...endpoint.answers, { at: now, answerMs }].filter(({ at }) => at >= now - WINDOW_MS);
      const count = endpoint.answers.length;
      if (fromAnswers === 0 || count < fromAnswers || endpoint.state !== 'normal') return;
      const over = (limit: number) => endpoint.answers.filter((answer) => answer.answerMs > limit).length / count;
      if (over(DROP_ANSWER_MS) > DROP_SHARE) endpoint.state = 'drop';
      else if (over(SLOW_ANSWER_MS) > SLOW_SHARE) endpoint.state = 'slow';
      endpoint.since = now;
    },
    stateOf: (url, now) => {
      const endpoint = endpointOf(url);
      if (endpoint.state !== 'normal' && now - endpoint.since >= WINDOW_MS) {
        endpoint.state = 'normal';
        endpoint.answers = [];
      }
      return endpoint.state;
    },
    clear: () => endpoints.clear(),
  };
}
