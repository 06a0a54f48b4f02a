import type { Clock } from '../clock';
import { createLimit } from '../concurrency';

/**
 * Runs work in a turn of the event loop that it shares with the other bodies. `isOver` says when to return, so that other
 * requests are handled. Work that is left continues with its next turn, behind the others that wait.
 */
export type TakeTurn = <T>(work: (isOver: () => boolean) => T) => Promise<T>;

/** How long bodies may be judged before the event loop turns. Graph waits 3 s for all that it posts meanwhile. */
const TURN_MS = 10;

/**
 * One at a time, because bodies that each paused on their own would all continue in the same turn of the event loop.
 *
 * @param loopTurn resolves in the next turn of the event loop
 */
export function createTurns(clock: Pick<Clock, 'now'>, loopTurn: () => Promise<unknown>): TakeTurn {
  const oneAtATime = createLimit(1);
  /** Undefined where nothing was judged since the event loop turned. */
  let endsAt: number | undefined;
  let turned: Promise<void> | undefined;
  return (work) =>
    oneAtATime(async () => {
      if (endsAt !== undefined && clock.now() >= endsAt) await turned;
      if (endsAt === undefined) {
        endsAt = clock.now() + TURN_MS;
        turned = loopTurn().then(() => void (endsAt = undefined));
      }
      const end = endsAt;
      return work(() => clock.now() >= end);
    });
}
