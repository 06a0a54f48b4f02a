import type { ContainerClient } from '@azure/storage-blob';
import type { TimerFunction } from '../functions';
import { messageOf } from '../hostError';
import type { HostContext } from '../hostContext';
import type { TypedData } from '../worker/coreTypes';
import { keepLock } from './lock';
import { firesWithinMinute, parseSchedule, type Schedule } from './schedule';
import { createStatusStore, decidePastDue, toStatusJson, type TimerStatus } from './status';

/** The input of a timer function. The library converts the names to camelCase. */
export function toTimerInput(schedule: Schedule, status: TimerStatus | undefined, pastDue: boolean): TypedData {
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: schedule.adjustForDst },
      ScheduleStatus: status ? toStatusJson(status) : null,
      IsPastDue: pastDue,
    }),
  };
}

/**
 * Runs one timer function while this host has its lock: at most one catch-up run at start, then by the schedule. The
 * next run is planned after a run has ended. A failed run is logged and the schedule continues.
 */
export function startTimerListener(context: HostContext & { readonly container: ContainerClient }, fn: TimerFunction) {
  const { container, hostId, invoke, reporter, activity, alarm, now } = context;
  const schedule = parseSchedule(fn.schedule);
  const monitored = fn.useMonitor && !firesWithinMinute(schedule, now());
  const store = monitored ? createStatusStore(container, hostId, fn.name) : undefined;
  const firstStatus = () => ({ last: undefined, next: schedule.next(now()), lastUpdated: undefined });
  let status: TimerStatus = firstStatus();
  /** Changes when the lock is taken or lost. Runs planned in another term are void. */
  let term = 0;
  let stopped = false;
  let lastRun = Promise.resolve();
  let cancel: () => void = () => undefined;

  const onError = (error: unknown) => {
    const message = `Timer storage failed: ${messageOf(error)}`;
    reporter.log({ level: 'error', category: 'Host.Triggers.Timer', function: fn.name, message });
  };
  const onTaken = () => void activity.track(begin(++term));
  const onLost = () => {
    term++;
    cancel();
  };
  const lock = keepLock({ ...context, onError, onTaken, onLost }, `locks/${hostId}/Host.Functions.${fn.name}.Listener`);

  async function begin(mine: number) {
    let pastDue = false;
    status = firstStatus();
    if (store) {
      try {
        const stored = await store.read();
        const decision = decidePastDue(schedule, stored, now());
        pastDue = decision.pastDue;
        // Without a stored status the host uses one that it has not updated (TimerListener.cs).
        if (stored) status = decision.status;
        if (decision.changed) await store.write(decision.status);
      } catch (error) {
        onError(error);
      }
    }
    if (pastDue) {
      const message = `Function '${fn.name}' is past due on startup. Executing now.`;
      reporter.log({ level: 'information', category: `Function.${fn.name}`, function: fn.name, message });
    }
    if (pastDue || fn.runOnStartup) await run(mine, pastDue);
    plan(mine);
  }

  function plan(mine: number) {
    if (mine !== term || stopped) return;
    // Counted from the start of the last run: an occurrence during a long run follows it at once (TimerListener.cs).
    cancel = alarm.at(status.next, () => void activity.track(run(mine, false).then(() => plan(mine))));
  }

  function run(mine: number, pastDue: boolean): Promise<void> {
    lastRun = lastRun.then(async () => {
      // After a jump of the clock the lease may have expired, and the other host runs this occurrence.
      if (stopped || !(await lock.confirm()) || mine !== term) return;
      const startedAt = now();
      await invoke(fn, { input: toTimerInput(schedule, store && status, pastDue) });
      const ran = { last: startedAt, next: schedule.next(startedAt), lastUpdated: startedAt };
      status = ran;
      await store?.write(ran).catch(onError);
    });
    return lastRun;
  }

  return {
    /** Resolves after the first attempt to take the lock, so that a ready host runs the timers it can. */
    started: lock.firstAttempt,
    /** Starts no further run. */
    stop() {
      stopped = true;
      cancel();
    },
    /** Lets another host take over. Call it when no run is in progress. */
    release: () => lock.release(),
  };
}
