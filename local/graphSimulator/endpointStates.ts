/** How Graph treats the host of a receiver just now. */
export type EndpointState = 'normal' | 'slow' | 'drop';

// concepts/change-notifications-delivery-webhooks.md: the window, the shares and the times of both states.
const WINDOW_MS = 10 * 60 * 1000;
const SLOW_ANSWER_MS = 3_000;
const DROP_ANSWER_MS = 10_000;
const SLOW_SHARE = 0.1;
const DROP_SHARE = 0.15;

interface Endpoint {
  answers: { at: number; answerMs: number }[];
  state: EndpointState;
  since: number;
}

/** Watches the answers of each host and says whether its notifications are sent, delayed or dropped. */
interface EndpointStates {
  record: (url: string, answerMs: number, now: number, fromAnswers: number) => void;
  stateOf: (url: string, now: number) => EndpointState;
  clear: () => void;
}

/** Makes the watch. A state holds for 10 minutes of `Date`; then the answers of a fresh window decide anew. */
export function createEndpointStates(): EndpointStates {
  const endpoints = new Map<string, Endpoint>();

  const endpointOf = (url: string): Endpoint => {
    const host = new URL(url).host;
    const known = endpoints.get(host) ?? { answers: [], state: 'normal' as const, since: 0 };
    endpoints.set(host, known);
    return known;
  };

  return {
    record: (url, answerMs, now, fromAnswers) => {
      const endpoint = endpointOf(url);
      endpoint.answers.push({ at: now, answerMs });
      while (endpoint.answers.length > 0 && (endpoint.answers[0]?.at ?? now) < now - WINDOW_MS)
        endpoint.answers.shift();
      const count = endpoint.answers.length;
      if (fromAnswers === 0 || count < fromAnswers || endpoint.state !== 'normal') return;
      const over = (limit: number) =>
        endpoint.answers.filter((answer) => answer.answerMs > limit).length / count;
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
    clear: () => {
      endpoints.clear();
    },
  };
}
