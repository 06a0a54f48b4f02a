import { createForgetOld } from './forgetOld';
import { deleteBlockedJobs, settleJobs } from './jobLifecycle';
import { sendDueNotices } from './lifecycleNotices';
import { createHourlyLoss } from './losses';
import { releaseHeld } from './sendOrHold';
import type { Simulation } from './simulation';

/** Does all that has fallen due by `Date` since it was called last. */
export type AdvanceWorld = () => void;

/** Makes the step that every call begins with, so that no answer shows a world older than `Date`. */
export function createAdvanceWorld(simulation: Simulation): AdvanceWorld {
  const loseHourly = createHourlyLoss(simulation);
  const forgetOld = createForgetOld(simulation);
  return () => {
    settleJobs(simulation);
    deleteBlockedJobs(simulation);
    forgetOld();
    loseHourly();
    sendDueNotices(simulation);
    releaseHeld(simulation);
  };
}
