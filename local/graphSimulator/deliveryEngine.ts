import { shuffled, type SeededRandom } from './seededRandom';
import { retryDelayMs, type DeliveryOptions } from './deliveryOptions';
import { createEndpointStates, type EndpointState } from './endpointStates';
import type { DeliveryAttempt, DeliveryItem } from './deliveryTypes';
import type { PostToReceiver } from './postToReceiver';
import { createIdleWatch } from './idleWatch';
import { createTimers } from './timers';

// Bounds the memory of a long run: of attempts and of items for redelivery this many at most.
const REMEMBERED = 20_000;

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
  pending: () => number;
  stateOf: (url: string) => EndpointState;
  /** Resolves true once nothing is pending or under way, false after limitMs. */
  whenIdle: (limitMs: number) => Promise<boolean>;
  /** Forgets everything and ends what is under way. */
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
  const underWay = new Set<Post>();
  const states = createEndpointStates();
  const timers = createTimers();
  let attempts: DeliveryAttempt[] = [];
  let sent: DeliveryItem[] = [];
  let ending = new AbortController();
  let nextPost = 1;
  let nextAttempt = 1;

  const pending = () => outboxes.size + underWay.size;
  const idle = createIdleWatch(pending);
  const record = (
    post: Pick<Post, 'id' | 'url' | 'items' | 'copy'>,
    rest: Pick<DeliveryAttempt, 'attempt' | 'status' | 'answerMs' | 'outcome' | 'at'> & { error?: string },
  ) => {
    const items = post.items.map(({ body: _body, url: _url, ...item }) => item);
    const { id, url, copy } = post;
    attempts.push({ n: nextAttempt++, post: id, url, copy, items, ...rest });
    if (attempts.length > REMEMBERED) attempts = attempts.slice(-REMEMBERED / 2);
  };
  const lose = (item: DeliveryItem) => {
    record(
      { id: 0, url: item.url, items: [item], copy: 0 },
      { attempt: 0, status: null, answerMs: 0, outcome: 'lost', at: now() },
    );
  };
  const finish = (post: Post) => {
    underWay.delete(post);
    idle.look();
  };

  const attempt = async (post: Post, number: number): Promise<void> => {
    const state = states.stateOf(post.url, now());
    if (state === 'drop') {
      record(post, { attempt: 0, status: null, answerMs: 0, outcome: 'dropped', at: now() });
      finish(post);
      return;
    }
    if (state === 'slow' && number === 1) {
      // The ten minutes pass on Date, which may jump, so the end is looked for and not awaited.
      timers.later(200, () => void attempt(post, number));
      return;
    }
    const at = now();
    const started = performance.now();
    const signal = ending.signal;
    const answer = await deps.post(post.url, post.body, {
      timeoutMs: number === 1 ? options.firstTimeoutMs : options.retryTimeoutMs,
      contentType: 'application/json; charset=utf-8',
      signal,
    });
    if (signal.aborted) return;
    const answerMs = performance.now() - started;
    const status = 'status' in answer ? answer.status : null;
    const accepted = status !== null && status >= 200 && status < 300;
    const gaveUp = !accepted && now() - post.firstAt >= options.retryForMs;
    states.record(post.url, answerMs, now(), options.statesFromAnswers);
    record(post, {
      attempt: number,
      status,
      answerMs,
      at,
      outcome: accepted ? 'accepted' : gaveUp ? 'gaveUp' : 'retrying',
      ...('error' in answer ? { error: answer.error } : {}),
    });
    if (accepted || gaveUp) finish(post);
    else timers.later(retryDelayMs(options, number), () => void attempt(post, number + 1));
  };

  const startPost = async (url: string, items: DeliveryItem[], copy: number): Promise<void> => {
    const post: Post = { id: nextPost++, url, items, copy, body: '', firstAt: now() };
    underWay.add(post);
    const signal = ending.signal;
    const validationTokens = await deps.tokensFor(items);
    if (signal.aborted) return;
    post.body = JSON.stringify({
      value: items.map((item) => item.body),
      ...(validationTokens ? { validationTokens } : {}),
    });
    if (options.reorder) timers.later(random() * 2 * options.batchWindowMs, () => void attempt(post, 1));
    else await attempt(post, 1);
  };

  const flush = (key: string, url: string, copy: number) => {
    const collected = outboxes.get(key) ?? [];
    outboxes.delete(key);
    const doubled = options.duplicateInSamePost ? collected.flatMap((item) => [item, item]) : collected;
    const items = options.reorder ? shuffled(doubled, random) : doubled;
    const size = Math.max(1, options.batchMax);
    for (let start = 0; start < items.length; start += size)
      void startPost(url, items.slice(start, start + size), copy);
  };

  const putInOutbox = (item: DeliveryItem, copy: number) => {
    const key = `${String(copy)} ${item.url}`;
    const waiting = outboxes.get(key);
    if (waiting) {
      waiting.push(item);
      return;
    }
    outboxes.set(key, [item]);
    // A later copy goes out one window later, so that it is never in the same POST.
    timers.later(options.delayMs + options.batchWindowMs * (copy + 1), () => {
      flush(key, item.url, copy);
    });
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
      const again = sent.filter(matches);
      for (let copy = 1; copy <= times; copy += 1) for (const item of again) putInOutbox(item, copy);
      return again.length * times;
    },
    attempts: () => [...attempts],
    pending,
    stateOf: (url) => states.stateOf(url, now()),
    whenIdle: idle.whenIdle,
    reset: () => {
      ending.abort();
      ending = new AbortController();
      timers.clear();
      outboxes.clear();
      underWay.clear();
      states.clear();
      attempts = [];
      nextAttempt = 1;
      sent = [];
      idle.look();
    },
  };
}
