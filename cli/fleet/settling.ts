import { doublingMs } from '../../shared/backoff';
import type { Clock } from '../../shared/clock';
import { GraphError } from '../../shared/graph/errors';

/** Graph may answer 404 or 403 about an object for so long after it was made. */
export const SETTLES_MS = 5 * 60_000;
/** Pauses between tries. */
export const PAUSES = { firstMs: 2_000, longestMs: 60_000 };
/** Tries of a call whose answer was lost. */
const MOST_TRIES = 3;

export interface WaitDeps {
  /** Whose sleeps end when the run is interrupted. */
  clock: Clock;
  /** Says what is waited for, and for how many milliseconds. */
  onWait: (what: string, ms: number) => void;
}

/** Whether an error may mean that Graph does not show a new object everywhere yet: it answers 404 or 403 for minutes. */
export function isNotSettled(error: unknown): boolean {
  return error instanceof GraphError && (error.code === 'graphNotFound' || error.code === 'graphForbidden');
}

/**
 * Repeats a call with growing pauses while its object is new to Graph, and a few times after an answer was lost.
 *
 * @param object what is new, for the person who waits, such as `printer`
 * @param settlesAt until then a 404 or 403 may mean that the object is new, in milliseconds since 1970
 * @param call knows whether an earlier try may have taken effect
 */
export async function repeatWhileNew<T>(
  { clock, onWait }: WaitDeps,
  { object, settlesAt }: { object: string; settlesAt: number },
  call: (isRepeated: boolean) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call(tries > 1);
    } catch (error) {
      const isNew = isNotSettled(error) && clock.now() < settlesAt;
      const isLost = error instanceof GraphError && error.code === 'graphUnavailable' && tries < MOST_TRIES;
      if (!isNew && !isLost) throw error;
      const ms = doublingMs(PAUSES, tries);
      onWait(isNew ? `Graph does not know the new ${object} yet` : 'Graph did not answer', ms);
      await clock.sleep(ms);
    }
  }
}
