import { ReceiverError } from '../errors';
import type { CallGraph } from '../graph/client';
import type { SweepTime } from './createSweepTime';

/**
 * Asks Graph nothing new once the time is up. Each page of a listing is a call: a long one ends too, and what its pages
 * showed is queued.
 *
 * @returns calls that throw ReceiverError `deadlinePassed` from then on
 */
export function whileThereIsTime(callGraph: CallGraph, time: Pick<SweepTime, 'isUp'>): CallGraph {
  return async (call) => {
    if (!time.isUp()) return callGraph(call);
    throw new ReceiverError('deadlinePassed', 'The time of this sweep is up; the next one looks again');
  };
}
