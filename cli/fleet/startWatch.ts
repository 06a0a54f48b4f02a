import { doublingMs } from '../../shared/backoff';
import type { Clock } from '../../shared/clock';
import type { Pace } from '../../shared/concurrency';
import { ReceiverError } from '../../shared/errors';
import type { GraphError } from '../../shared/graph/errors';
import { addWatch, renewWatch } from '../../shared/subscriptions/manage';
import { retryAfterEndsAt } from '../../shared/subscriptions/plan';
import type { SubscriptionDeps, WatchResult } from '../../shared/subscriptions/record';
import type { WatchKey } from '../../shared/watches/watches';
import { notListed, pullPrintPrinter } from '../arguments';
import { rememberRefusal } from '../graphRefusal';
import { isLive } from './observe';
import { isNotSettled, PAUSES } from './settling';

export interface StartWatchDeps {
  subscriptions: SubscriptionDeps;
  clock: Clock;
  /** Holds writes to Graph's limit. */
  pace: Pace;
  onWait: (what: string, ms: number) => void;
}

interface WantedWatch {
  key: WatchKey;
  /** Of the printer that Graph lists. */
  name: string;
  /** Until then, in milliseconds since 1970, a refusal may mean that Graph does not know the definition yet. */
  settlesAt: number;
}

/** Tries while Graph throttles, or while another run works on the watch. */
const MOST_TRIES = 10;

/**
 * Adds a watch, or takes one up that has no live subscription, and waits until Graph notifies the app of it.
 *
 * @throws ReceiverError `watchNotLive` with Graph's reason: the watch is stored, and the timer of the app retries;
 *   `tenantNotActive`, `pullPrintPrinter`
 */
export async function startWatch(deps: StartWatchDeps, wanted: WantedWatch): Promise<void> {
  const { subscriptions, clock, pace, onWait } = deps;
  const { key, settlesAt } = wanted;
  for (let tries = 1; ; tries += 1) {
    await pace(1);
    const { callGraph, refusal } = rememberRefusal(subscriptions.callGraph);
    const { outcome, watch } = await tryOnce({ ...subscriptions, callGraph }, wanted, tries === 1);
    if (isLive(watch, clock.now())) return;
    const refused = refusal(watch.lastError);
    const throttledMs = (retryAfterEndsAt(watch, clock.now()) ?? 0) - clock.now();
    const wait = reasonToWait({ isBusy: outcome === 'busy', isThrottled: throttledMs > 0, tries });
    const isNew = isNotSettled(refused) && clock.now() < settlesAt;
    if (!wait && !isNew) throw notLive(key, watch.lastError, refused);
    const ms = Math.max(throttledMs, doublingMs(PAUSES, tries));
    onWait(wait ?? 'Graph does not know the new definition yet', ms);
    await clock.sleep(ms);
  }
}

async function tryOnce(deps: SubscriptionDeps, { key, name }: WantedWatch, isFirst: boolean): Promise<WatchResult> {
  if (isFirst) {
    const added = await addWatch(deps, key, key.kind === 'jobFetchable' ? { name } : undefined);
    if (added.outcome === 'tenantUnknown') throw notListed(key.tenantId);
    if (added.outcome === 'pullPrintPrinter') throw pullPrintPrinter(key.id, 'subscriptions');
    if (added.outcome !== 'watched') {
      throw new ReceiverError('tenantNotActive', `Tenant ${key.tenantId} is paused or removed`, {
        remedy: `Run tenants resume ${key.tenantId}`,
      });
    }
    const { outcome } = added.result;
    // The back-off of an earlier failure has not ended.
    if (outcome !== 'nothing' || isLive(added.result.watch, deps.clock.now())) return added.result;
  }
  const renewed = await renewWatch(deps, key);
  if (renewed) return renewed;
  throw new ReceiverError('watchUnknown', `The watch of ${key.id} was removed during this run`);
}

function reasonToWait(state: { isBusy: boolean; isThrottled: boolean; tries: number }): string | undefined {
  if (state.tries >= MOST_TRIES) return undefined;
  if (state.isThrottled) return 'Graph asked the app to wait';
  return state.isBusy ? 'Another run works on the same watch' : undefined;
}

function notLive({ id }: WatchKey, lastError: string | undefined, cause: GraphError | undefined): ReceiverError {
  const reason = lastError ?? 'another run works on the watch';
  return new ReceiverError('watchNotLive', `The subscription for ${id} was not created: ${reason.replace(/\.$/, '')}`, {
    cause,
  });
}
