import type { Clock } from '../clock';
import { MOST_OF_A_TENANT_IN_HOST } from './limits';
import type { EndedWork, Places } from './places';

/** The places of the messages that the host hands out. */
export interface HostPlaces {
  /**
   * Takes a place for one message. While the tenant has all that it may have and its messages end quickly, it waits for one
   * of them to end. Undefined: the message has to wait without an invocation.
   */
  enter(tenantId: string): Promise<HostPlace | undefined>;
}

/** A place that was taken for one message. */
export interface HostPlace {
  enter(): true;
  /** Frees the place. Once: further calls do nothing. */
  leave(tenantId: string, work?: EndedWork): void;
}

/**
 * Eight messages that come at once are worked on in place, six and then two. More of one tenant would keep the host from
 * fetching those of others, and so would a wait of more than a second behind messages that hang.
 */
const MOST_WAITING = 2;
const PATIENCE_MS = 1_000;
const LOOK_EVERY_MS = 50;

export function createHostPlaces({
  places,
  clock,
}: {
  places: Pick<Places, 'enterFromHost' | 'leave'>;
  clock: Pick<Clock, 'now' | 'sleep'>;
}): HostPlaces {
  /** When the messages in progress of each tenant began, the oldest first. */
  const begun = new Map<string, readonly number[]>();

  const waiting = new Map<string, number>();
  const isFull = (tenantId: string) => (begun.get(tenantId)?.length ?? 0) >= MOST_OF_A_TENANT_IN_HOST;

  function take(tenantId: string): HostPlace | undefined {
    if (!places.enterFromHost(tenantId)) return undefined;
    const since = clock.now();
    begun.set(tenantId, [...(begun.get(tenantId) ?? []), since]);
    let isTaken = true;
    return {
      enter: () => true,
      leave(_tenantId, work) {
        if (!isTaken) return;
        isTaken = false;
        const rest = [...(begun.get(tenantId) ?? [])];
        rest.splice(rest.indexOf(since), 1);
        if (rest.length > 0) begun.set(tenantId, rest);
        else begun.delete(tenantId);
        places.leave(tenantId, work);
      },
    };
  }

  async function waitForEnd(tenantId: string): Promise<void> {
    const others = waiting.get(tenantId) ?? 0;
    if (others >= MOST_WAITING) return;
    waiting.set(tenantId, others + 1);
    const until = Math.min(clock.now(), begun.get(tenantId)?.[0] ?? 0) + PATIENCE_MS;
    while (isFull(tenantId) && clock.now() < until) await clock.sleep(LOOK_EVERY_MS);
    const rest = (waiting.get(tenantId) ?? 1) - 1;
    if (rest > 0) waiting.set(tenantId, rest);
    else waiting.delete(tenantId);
  }

  return {
    async enter(tenantId) {
      if (isFull(tenantId)) await waitForEnd(tenantId);
      return isFull(tenantId) ? undefined : take(tenantId);
    },
  };
}
