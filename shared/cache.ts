import { LRUCache } from 'lru-cache';
import type { Clock } from './clock';

export interface CacheOptions {
  /** Entries at most: beyond it the entry that was not used for longest is dropped. A bound on memory. */
  most: number;
  /** Milliseconds for which an entry is valid; without it entries stay until they are dropped. */
  keepMs?: number;
  /** Tells the age of entries. */
  clock: Pick<Clock, 'now'>;
}

/**
 * A bounded memory of this process, by name. lru-cache keeps the bound and the ages. It reads the time from `clock` only, so
 * a test decides what has expired.
 */
export function createCache<Value extends object | string | number | boolean>({
  most,
  keepMs,
  clock,
}: CacheOptions): LRUCache<string, Value> {
  return new LRUCache<string, Value>({
    max: most,
    ...(keepMs === undefined ? {} : { ttl: keepMs, ttlResolution: 0 }),
    perf: clock,
  });
}
