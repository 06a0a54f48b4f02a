import type { ContainerClient } from '@azure/storage-blob';
import type { Activity } from '../createActivity';
import type { Alarm } from '../createAlarm';
import type { Invoker } from '../createInvoker';
import type { Reporter } from '../createReporter';
import type { TimerFunction } from '../describeFunctions';
import { messageOf } from '../messageOf';
import type { SingletonOptions } from '../settings/parseHostJson';
import type { TypedData } from '../worker/coreTypes';
import { decidePastDue, type TimerStatus } from './decidePastDue';
import { holdLock } from './holdLock';
import { firesWithinMinute, type Schedule } from './parseSchedule';
import { createStatusStore, toStatusJson } from './statusStore';

export interface TimerDependencies {
  readonly container: ContainerClient;
  readonly hostId: string;
  readonly singleton: SingletonOptions;
  readonly invoke: Invoker;
  readonly reporter: Reporter;
  readonly activity: Activity;
  readonly alarm: Alarm;
  readonly now: () => number;
}

export interface TimerListener {
  /** Resolves when the lock has been tried once, so a host that is ready holds the timers it can. */
  readonly started: Promise<void>;
  /** No further run starts. */
  stop(): void;
  /** Lets another host take over; call when nothing runs any more. */
  release(): Promise<void>;
}

/** What a timer function gets as its input; the library turns the names to camelCase. */
export function toTimerInput(
  schedule: Schedule,
  status: TimerStatus | undefined,
  pastDue: boolean,
): TypedData {
  return {
    json: JSON.stringify({
      Schedule: { AdjustForDST: schedule.adjustForDst },
      ScheduleStatus: status ? toStatusJson(status) : null,
      IsPastDue: pastDue,
    }),
  };
}

/**
 * Runs one timer function while this host holds its lock: at most one catch-up run at start, then by the schedule, the
 * next one planned only after a run has ended. A failed run is logged and the schedule goes on.
 */
export function startTimerListener(
  dependencies: TimerDependencies,
  fn: TimerFunction,
  schedule: Schedule,
): TimerListener {
  const { container, hostId, singleton, invoke, reporter, activity, alarm, now } = dependencies;
  const store =
    fn.useMonitor && !firesWithinMinute(schedule, now()) ? createStatusStore(container, hostId) : undefined;
  let status: TimerStatus = { last: undefined, next: schedule.next(now()), lastUpdated: now() };
  /** Counts the times the lock was taken or lost: what was planned under another term is void. */
  let term = 0;
  let held = false;
  let stopped = false;
  let lastRun = Promise.resolve();
  let cancel: () => void = () => undefined;

  const onError = (error: unknown) =>
    reporter.log({
      level: 'error',
      category: 'Host.Triggers.Timer',
      function: fn.name,
      message: `Timer storage failed: ${messageOf(error)}`,
    });

  const lock = holdLock(
    {
      container,
      options: singleton,
      alarm,
      now,
      onError,
      onHeld: () => {
        held = true;
        void activity.track(begin(++term));
      },
      onLost: () => {
        held = false;
        term++;
        cancel();
      },
    },
    `locks/${hostId}/Functions.${fn.name}.Listener`,
  );

  async function begin(mine: number) {
    let pastDue = false;
    status = { last: undefined, next: schedule.next(now()), lastUpdated: now() };
    if (store) {
      try {
        const decision = decidePastDue(schedule, await store.read(fn.name), now());
        ({ status, pastDue } = decision);
        if (decision.changed) await store.write(fn.name, decision.status);
      } catch (error) {
        onError(error);
      }
    }
    if (pastDue) {
      reporter.log({
        level: 'information',
        category: `Function.${fn.name}`,
        function: fn.name,
        message: `Function '${fn.name}' is past due on startup. Executing now.`,
      });
      await run(mine, true);
    } else if (fn.runOnStartup) await run(mine, false);
    plan(mine);
  }

  function plan(mine: number) {
    if (mine !== term || stopped) return;
    // From the start of the last run, so what fell due during a long run follows it at once (TimerListener.cs).
    cancel = alarm.at(status.next, () => void activity.track(run(mine, false).then(() => plan(mine))));
  }

  function run(mine: number, pastDue: boolean): Promise<void> {
    lastRun = lastRun.then(() => runOnce(mine, pastDue));
    return lastRun;
  }

  async function runOnce(mine: number, pastDue: boolean) {
    // A clock that jumps may have ended the lease: then the other host runs this occurrence.
    if (stopped || !held || !(await lock.confirm()) || mine !== term) return;
    const startedAt = now();
    await invoke(fn, { input: toTimerInput(schedule, store && status, pastDue) });
    status = { last: startedAt, next: schedule.next(startedAt), lastUpdated: startedAt };
    await store?.write(fn.name, status).catch(onError);
  }

  return {
    started: lock.firstAttempt,
    stop() {
      stopped = true;
      cancel();
    },
    release: () => lock.release(),
  };
}
