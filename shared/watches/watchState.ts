import type { Watch } from './watches';

/** `pending`: no subscription yet; `lapsed`: its subscription ended; `failing`: the last try failed, whatever else. */
export type WatchState = 'live' | 'failing' | 'lapsed' | 'pending';

/** One word on how the subscription of a watch stands at `now` (milliseconds since 1970). */
export function watchState(watch: Watch, now: number): WatchState {
  if (watch.subscriptionId === undefined) return watch.lastError === undefined ? 'pending' : 'failing';
  if (!(Date.parse(watch.expirationDateTime ?? '') > now)) return 'lapsed';
  return watch.lastError === undefined ? 'live' : 'failing';
}
