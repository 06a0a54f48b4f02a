import type { Clock } from './clock';

/**
 * Does `work` for every item, at most `limit` at a time, in the order of the items. The first rejection is thrown once
 * all work in progress has ended. Nothing new is started after it.
 */
export async function eachBounded<T>(
  limit: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async () => {
    while (failures.length === 0) {
      const next = rest.next();
      if (next.done) return;
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  if (failures.length > 0) throw failures[0];
}

/** The items in lists of `size`, the last one shorter: a listing of any length in pieces that fit into memory. */
export async function* inPieces<T>(size: number, items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let piece: T[] = [];
  for await (const item of items) {
    piece.push(item);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** Runs work with a bound on how much runs at a time. The rest waits. Resolves and rejects as the work does. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>;

/** A limit of `most` at a time, in the order of the calls. */
export function createLimit(most: number): Limit {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // The place goes to the next in line, so that a call of this moment cannot take it first.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** Resolves when so many more writes may start. */
export type Pace = (writes: number) => Promise<void>;

/**
 * Holds writes to at most `most` in any `windowMs` milliseconds, in the order of the calls. One call of more than `most`
 * waits until nothing else is in the window.
 */
export function createPace(clock: Clock, { most, windowMs }: { most: number; windowMs: number }): Pace {
  const started: { at: number; writes: number }[] = [];
  let last = Promise.resolve();
  const wait = async (writes: number) => {
    for (;;) {
      const now = clock.now();
      while (started[0] !== undefined && now - started[0].at >= windowMs) started.shift();
      const [oldest] = started;
      const total = started.reduce((sum, one) => sum + one.writes, writes);
      if (oldest === undefined || total <= most) break;
      await clock.sleep(oldest.at + windowMs - now);
    }
    started.push({ at: clock.now(), writes });
  };
  return (writes) => (last = last.then(() => wait(writes)));
}

/**
 * The result of `work`, or a rejection with the signal's reason as soon as the signal is aborted. The work itself is not
 * stopped: pass the same signal to it where possible.
 */
export function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Runs `make` on the first call and again only after it failed. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= Promise.resolve()
      .then(make)
      .catch((error: unknown) => {
        made = undefined;
        throw error;
      });
    return made;
  };
}
