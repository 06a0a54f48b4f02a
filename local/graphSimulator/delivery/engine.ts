import { setTimeout as sleep } from 'node:timers/promises';
import { shuffled, type SeededRandom } from '../seededRandom';
import { retryDelayMs, type DeliveryAttempt, type DeliveryItem, type DeliveryOptions } from './options';
import type { PostToReceiver } from './receiver';

// Bounds the memory of a long run: the latest attempts, and the latest items for redelivery.
const REMEMBERED = 20_000;
// concepts/change-notifications-delivery-webhooks.md: Graph retries for up to 4 hours. The first attempt has 3 seconds and
// a retry has 10.
const RETRY_FOR_MS = 4 * 60 * 60 * 1000;
const FIRST_TIMEOUT_MS = 3_000;
const RETRY_TIMEOUT_MS = 10_000;
const ITEMS_PER_POST = 100;
const IDLE_POLL_MS = 5;

interface Post {
  id: number;
  url: string;
  items: DeliveryItem[];
  body: string;
  firstAt: number;
}

/** Sends notifications as Graph does (concepts/change-notifications-delivery-webhooks.md). */
export type DeliveryEngine = ReturnType<typeof createDeliveryEngine>;

/** Makes the engine. `tokensFor` gives the validationTokens of a POST, or undefined for none. */
export function createDeliveryEngine(deps: {
  options: DeliveryOptions;
  random: SeededRandom;
  now: () => number;
  post: PostToReceiver;
  tokensFor: (items: readonly DeliveryItem[]) => Promise<string[] | undefined>;
}) {
  const { options, random, now } = deps;
  const outboxes = new Map<string, DeliveryItem[]>();
  const inProgress = new Set<Post>();
  const timers = new Set<NodeJS.Timeout>();
  let attempts: DeliveryAttempt[] = [];
  let sent: DeliveryItem[] = [];
  let ending = new AbortController();
  let nextPost = 1;

  const later = (ms: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, ms);
    timers.add(timer);
  };
  const pending = () => outboxes.size + inProgress.size;
  const record = (
    { id, url, items }: Pick<Post, 'id' | 'url' | 'items'>,
    rest: Omit<DeliveryAttempt, 'post' | 'url' | 'items'>,
  ) => {
    const shown = items.map(({ body: _body, url: _url, ...item }) => item);
    attempts.push({ post: id, url, items: shown, ...rest });
    if (attempts.length > REMEMBERED) attempts = attempts.slice(-REMEMBERED / 2);
  };
  const lose = (item: DeliveryItem) => {
    const unsent = { attempt: 0, status: null, answerMs: 0, outcome: 'lost', at: now() } as const;
    record({ id: 0, url: item.url, items: [item] }, unsent);
  };

  const attempt = async (post: Post, number: number): Promise<void> => {
    const at = now();
    const started = performance.now();
    const { signal } = ending;
    const answer = await deps.post(post.url, post.body, {
      timeoutMs: number === 1 ? FIRST_TIMEOUT_MS : RETRY_TIMEOUT_MS,
      contentType: 'application/json; charset=utf-8',
      signal,
    });
    if (signal.aborted) return;
    const answerMs = performance.now() - started;
    const status = 'status' in answer ? answer.status : null;
    const accepted = status !== null && status >= 200 && status < 300;
    const gaveUp = !accepted && now() - post.firstAt >= RETRY_FOR_MS;
    const failed = gaveUp ? 'gaveUp' : 'retrying';
    const error = 'error' in answer ? { error: answer.error } : {};
    record(post, { attempt: number, status, answerMs, at, outcome: accepted ? 'accepted' : failed, ...error });
    if (accepted || gaveUp) inProgress.delete(post);
    else later(retryDelayMs(options, number), () => void attempt(post, number + 1));
  };

  const startPost = async (url: string, items: DeliveryItem[]): Promise<void> => {
    const post: Post = { id: nextPost++, url, items, body: '', firstAt: now() };
    inProgress.add(post);
    const { signal } = ending;
    const validationTokens = await deps.tokensFor(items);
    if (signal.aborted) return;
    const value = items.map(({ body }) => body);
    post.body = JSON.stringify({ value, ...(validationTokens ? { validationTokens } : {}) });
    if (options.reorder) later(random() * 2 * options.batchWindowMs, () => void attempt(post, 1));
    else await attempt(post, 1);
  };

  const flush = (key: string, url: string) => {
    const collected = outboxes.get(key) ?? [];
    outboxes.delete(key);
    const doubled = options.duplicateInSamePost ? collected.flatMap((item) => [item, item]) : collected;
    const items = options.reorder ? shuffled(doubled, random) : doubled;
    for (let start = 0; start < items.length; start += ITEMS_PER_POST)
      void startPost(url, items.slice(start, start + ITEMS_PER_POST));
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
    later(options.delayMs + options.batchWindowMs * (copy + 1), () => flush(key, item.url));
  };

  return {
    options,
    /** Takes an item for the next POST to its URL; losses and duplicates are decided here. */
    enqueue: (item: DeliveryItem): void => {
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
    /** Records an item as lost without sending it. */
    lose,
    /** Sends the items of past attempts again, in other POSTs; gives how many. */
    redeliver: (matches: (item: DeliveryItem) => boolean, times: number): number => {
      const repeated = sent.filter(matches);
      for (let copy = 1; copy <= times; copy += 1) for (const item of repeated) putInOutbox(item, copy);
      return repeated.length * times;
    },
    attempts: (): DeliveryAttempt[] => [...attempts],
    /** Resolves true once no POST is waiting or in progress, false after limitMs. */
    whenIdle: async (limitMs: number): Promise<boolean> => {
      const end = performance.now() + limitMs;
      while (pending() > 0 && performance.now() < end) await sleep(IDLE_POLL_MS);
      return pending() === 0;
    },
    /** Forgets everything and ends what is in progress. */
    reset: (): void => {
      ending.abort();
      ending = new AbortController();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
      outboxes.clear();
      inProgress.clear();
      attempts = [];
      sent = [];
    },
  };
}
