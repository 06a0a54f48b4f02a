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
  const inProgress = new Set<number>();
  let attempts: DeliveryAttempt[] = [];
  let sent: DeliveryItem[] = [];
  let ending = new AbortController();
  let nextPost = 1;
  let ended = 0;

  const pending = () => outboxes.size + inProgress.size;
  const record = (
    url: string,
    items: readonly DeliveryItem[],
    attempt: Omit<DeliveryAttempt, 'n' | 'url' | 'items'>,
  ) => {
    attempts.push({
      n: (ended += 1),
      ...attempt,
      url,
      items: items.map(({ body: _body, url: _url, ...item }) => item),
    });
    if (attempts.length > REMEMBERED) attempts = attempts.slice(-REMEMBERED / 2);
  };
  const lose = (item: DeliveryItem) =>
    record(item.url, [item], { post: 0, attempt: 0, status: null, answerMs: 0, outcome: 'lost', at: now() });
  /** Whether one of the next items is left to which the option applies; counts it. */
  const takeOne = (option: 'loseNext' | 'duplicateNext'): boolean => {
    if (options[option] < 1) return false;
    options[option] -= 1;
    return true;
  };
  /** Starts an action, which a reset ends. */
  const start = (action: (signal: AbortSignal) => Promise<void>) => {
    const { signal } = ending;
    action(signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  };

  const deliver = async (post: number, url: string, items: readonly DeliveryItem[], signal: AbortSignal) => {
    const firstAt = now();
    const validationTokens = await deps.tokensFor(items);
    const body = JSON.stringify({ value: items.map((item) => item.body), validationTokens });
    if (options.reorder) await sleep(random() * 2 * options.batchWindowMs, undefined, { signal });
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      const at = now();
      const started = performance.now();
      const timeoutMs = attempt === 1 ? FIRST_TIMEOUT_MS : RETRY_TIMEOUT_MS;
      const answer = await deps.post(url, body, { timeoutMs, contentType: 'application/json; charset=utf-8', signal });
      if (signal.aborted) return;
      const answerMs = performance.now() - started;
      const status = 'status' in answer ? answer.status : null;
      const isAccepted = status !== null && status >= 200 && status < 300;
      const failed = now() - firstAt >= RETRY_FOR_MS ? 'gaveUp' : 'retrying';
      const outcome = isAccepted ? 'accepted' : failed;
      const error = 'error' in answer ? { error: answer.error } : {};
      record(url, items, { post, attempt, status, answerMs, at, outcome, ...error });
      if (outcome !== 'retrying') break;
      await sleep(retryDelayMs(options, attempt), undefined, { signal });
    }
    inProgress.delete(post);
  };

  const flush = (key: string, url: string) => {
    const collected = outboxes.get(key) ?? [];
    outboxes.delete(key);
    const doubled = options.duplicateInSamePost ? collected.flatMap((item) => [item, item]) : collected;
    const items = options.reorder ? shuffled(doubled, random) : doubled;
    for (let from = 0; from < items.length; from += ITEMS_PER_POST) {
      const post = nextPost++;
      inProgress.add(post);
      start((signal) => deliver(post, url, items.slice(from, from + ITEMS_PER_POST), signal));
    }
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
    const delayMs = options.delayMs + options.batchWindowMs * (copy + 1);
    start(async (signal) => {
      await sleep(delayMs, undefined, { signal });
      flush(key, item.url);
    });
  };

  return {
    options,
    /** Takes an item for the next POST to its URL; losses and duplicates are decided here. */
    enqueue: (item: DeliveryItem): void => {
      if (takeOne('loseNext') || (options.lossRate > 0 && random() < options.lossRate)) {
        lose(item);
        return;
      }
      sent.push(item);
      if (sent.length > REMEMBERED) sent = sent.slice(-REMEMBERED / 2);
      putInOutbox(item, 0);
      if (
        takeOne('duplicateNext') ||
        options.duplicateEach ||
        (options.duplicateRate > 0 && random() < options.duplicateRate)
      )
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
    /** The attempts whose `n` is higher. */
    attemptsAfter: (n: number): DeliveryAttempt[] => (ended > n ? attempts.filter((one) => one.n > n) : []),
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
      outboxes.clear();
      inProgress.clear();
      attempts = [];
      sent = [];
    },
  };
}
