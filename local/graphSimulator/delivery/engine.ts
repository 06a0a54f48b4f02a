import { shuffled, type SeededRandom } from '../seededRandom';
import { retryDelayMs, type DeliveryAttempt, type DeliveryItem, type DeliveryOptions } from './options';
import { createEndpointStates, type EndpointState, type PostToReceiver } from './receiver';

// Bounds the memory of a long run: the latest attempts, and the latest items for redelivery.
const REMEMBERED = 20_000;
// concepts/change-notifications-delivery-webhooks.md: Graph retries for up to 4 hours, and a retry has 10 seconds.
const RETRY_FOR_MS = 4 * 60 * 60 * 1000;
const RETRY_TIMEOUT_MS = 10_000;
// The ten minutes of the slow state pass on Date, which may jump, so their end is polled.
const SLOW_POLL_MS = 200;

interface Post {
  id: number;
  url: string;
  items: DeliveryItem[];
  copy: number;
  body: string;
  firstAt: number;
}

/** Sends notifications as Graph does (concepts/change-notifications-delivery-webhooks.md). */
export interface DeliveryEngine {
  options: DeliveryOptions;
  /** Takes an item for the next POST to its URL; losses and duplicates are decided here. */
  enqueue: (item: DeliveryItem) => void;
  /** Records an item as lost without sending it. */
  lose: (item: DeliveryItem) => void;
  /** Sends the items of past attempts again, in other POSTs; gives how many. */
  redeliver: (matches: (item: DeliveryItem) => boolean, times: number) => number;
  attempts: () => DeliveryAttempt[];
  /** How many POSTs are waiting or in progress. */
  pending: () => number;
  stateOf: (url: string) => EndpointState;
  /** Resolves true once nothing is pending, false after limitMs. */
  whenIdle: (limitMs: number) => Promise<boolean>;
  /** Forgets everything and ends what is in progress. */
  reset: () => void;
}

/** Makes the engine. `tokensFor` gives the validationTokens of a POST, or undefined for none. */
export function createDeliveryEngine(deps: {
  options: DeliveryOptions;
  random: SeededRandom;
  now: () => number;
  post: PostToReceiver;
  tokensFor: (items: readonly DeliveryItem[]) => Promise<string[] | undefined>;
}): DeliveryEngine {
  const { options, random, now } = deps;
  const outboxes = new Map<string, DeliveryItem[]>();
  const inProgress = new Set<Post>();
  const timers = new Set<NodeJS.Timeout>();
  const idleWaiters = new Set<() => void>();
  const states = createEndpointStates();
  let attempts: DeliveryAttempt[] = [];
  let sent: DeliveryItem[] = [];
  let ending = new AbortController();
  let nextPost = 1;
  let nextAttempt = 1;

  const later = (ms: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms);
    timers.add(timer);
  };
  const pending = () => outboxes.size + inProgress.size;
  const resolveIdle = () => {
    if (pending() === 0) for (const resolve of idleWaiters) resolve();
  };
  const record = (
    { id, url, copy, items }: Pick<Post, 'id' | 'url' | 'items' | 'copy'>,
    rest: Omit<DeliveryAttempt, 'n' | 'post' | 'url' | 'copy' | 'items'>,
  ) => {
    const shown = items.map(({ body: _body, url: _url, ...item }) => item);
    attempts.push({ n: nextAttempt++, post: id, url, copy, items: shown, ...rest });
    if (attempts.length > REMEMBERED) attempts = attempts.slice(-REMEMBERED / 2);
  };
  const unsent = (outcome: 'lost' | 'dropped') =>
    ({ attempt: 0, status: null, answerMs: 0, outcome, at: now() }) as const;
  const lose = (item: DeliveryItem) => {
    record({ id: 0, url: item.url, items: [item], copy: 0 }, unsent('lost'));
  };
  const finish = (post: Post) => {
    inProgress.delete(post);
    resolveIdle();
  };

  const attempt = async (post: Post, number: number): Promise<void> => {
    const state = states.stateOf(post.url, now());
    if (state === 'drop') {
      record(post, unsent('dropped'));
      finish(post);
      return;
    }
    if (state === 'slow' && number === 1) {
      later(SLOW_POLL_MS, () => void attempt(post, number));
      return;
    }
    const at = now();
    const started = performance.now();
    const { signal } = ending;
    const answer = await deps.post(post.url, post.body, {
      timeoutMs: number === 1 ? options.firstTimeoutMs : RETRY_TIMEOUT_MS,
      contentType: 'application/json; charset=utf-8',
      signal,
    });
    if (signal.aborted) return;
    const answerMs = performance.now() - started;
    const status = 'status' in answer ? answer.status : null;
    const accepted = status !== null && status >= 200 && status < 300;
    const gaveUp = !accepted && now() - post.firstAt >= RETRY_FOR_MS;
    states.record(post.url, answerMs, now(), options.statesFromAnswers);
    const outcome = accepted ? 'accepted' : gaveUp ? 'gaveUp' : 'retrying';
    const error = 'error' in answer ? { error: answer.error } : {};
    record(post, { attempt: number, status, answerMs, at, outcome, ...error });
    if (accepted || gaveUp) finish(post);
    else later(retryDelayMs(options, number), () => void attempt(post, number + 1));
  };

  const startPost = async (url: string, items: DeliveryItem[], copy: number): Promise<void> => {
    const post: Post = { id: nextPost++, url, items, copy, body: '', firstAt: now() };
    inProgress.add(post);
    const { signal } = ending;
    const validationTokens = await deps.tokensFor(items);
    if (signal.aborted) return;
    const value = items.map(({ body }) => body);
    post.body = JSON.stringify({ value, ...(validationTokens ? { validationTokens } : {}) });
    if (options.reorder) later(random() * 2 * options.batchWindowMs, () => void attempt(post, 1));
    else await attempt(post, 1);
  };

  const flush = (key: string, url: string, copy: number) => {
    const collected = outboxes.get(key) ?? [];
    outboxes.delete(key);
    const doubled = options.duplicateInSamePost ? collected.flatMap((item) => [item, item]) : collected;
    const items = options.reorder ? shuffled(doubled, random) : doubled;
    for (let start = 0; start < items.length; start += options.batchMax)
      void startPost(url, items.slice(start, start + options.batchMax), copy);
  };

  const putInOutbox = (item: DeliveryItem, copy: number) => {
    const key = `${copy} ${item.url}`;
    const waiting = outboxes.get(key);
    if (waiting) {
      waiting.push(item);
      return;
    }
    outboxes.set(key, [item]);
    // A later copy goes out one window later, so that it is never in the same POST.
    later(options.delayMs + options.batchWindowMs * (copy + 1), () => flush(key, item.url, copy));
  };

  return {
    options,
    enqueue: (item) => {
      if (options.lossRate > 0 && random() < options.lossRate) {
        lose(item);
        return;
      }
      sent.push(item);
      if (sent.length > REMEMBERED) sent = sent.slice(-REMEMBERED / 2);
      putInOutbox(item, 0);
      if (options.duplicateEach || (options.duplicateRate > 0 && random() < options.duplicateRate))
        putInOutbox(item, 1);
    },
    lose,
    redeliver: (matches, times) => {
      const repeated = sent.filter(matches);
      for (let copy = 1; copy <= times; copy += 1) for (const item of repeated) putInOutbox(item, copy);
      return repeated.length * times;
    },
    attempts: () => [...attempts],
    pending,
    stateOf: (url) => states.stateOf(url, now()),
    whenIdle: (limitMs) =>
      new Promise((resolve) => {
        const end = (idle: boolean) => {
          clearTimeout(limit);
          idleWaiters.delete(onIdle);
          resolve(idle);
        };
        const onIdle = () => end(true);
        const limit = setTimeout(() => end(false), limitMs);
        idleWaiters.add(onIdle);
        resolveIdle();
      }),
    reset: () => {
      ending.abort();
      ending = new AbortController();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      outboxes.clear();
      inProgress.clear();
      states.clear();
      attempts = [];
      nextAttempt = 1;
      sent = [];
      resolveIdle();
    },
  };
}
