import type { Schedule } from './parseSchedule';

/** What is remembered of a timer, epoch milliseconds; `last` undefined = never ran. */
export interface TimerStatus {
  readonly last: number | undefined;
  readonly next: number;
  readonly lastUpdated: number;
}

/**
 * What a starting listener makes of the stored status: the status to store (where it changed) and whether one run was
 * missed. A timer never seen and a schedule that changed since do not count as past due (ScheduleMonitor.cs).
 */
export function decidePastDue(
  schedule: Schedule,
  stored: TimerStatus | undefined,
  now: number,
): { readonly pastDue: boolean; readonly status: TimerStatus; readonly changed: boolean } {
  if (!stored)
    return {
      pastDue: false,
      changed: true,
      status: { last: undefined, next: schedule.next(now), lastUpdated: now },
    };
  const expected = schedule.next(stored.lastUpdated);
  if (expected !== stored.next) {
    const next = expected < now ? schedule.next(now) : expected;
    return { pastDue: false, changed: true, status: { last: undefined, next, lastUpdated: now } };
  }
  return { pastDue: now > stored.next, changed: false, status: stored };
}
