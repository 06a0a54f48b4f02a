import type { ListedJob, OpenTask } from '../../local/graphSimulator/control/viewState';
import type { Subscription } from '../../local/graphSimulator/world/simulation';
import type { WatchKey } from '../../shared/watches/watches';
import type { SeenEvent } from '../support/startFlow';
import type { Hour } from './trouble';

/** The first sweep finds missed jobs. The second one allows for messages that were processed late. */
const SWEEPS_ALLOWED = 2;
const HOURS_WITHOUT_SUBSCRIPTION = 3;
/** A task may be open for these whole hours without faults: its deadline is 15 minutes, and two steps follow. */
const HOURS_OPEN = 2;

/** The state of Graph at the end of an hour. */
export interface HourEnd {
  hour: Hour;
  /** Jobs that Graph listed before this hour's sweep. */
  listed: readonly ListedJob[];
  openTasks: readonly OpenTask[];
  subscriptions: readonly Subscription[];
}

/** Counts hour by hour how long each event, task and subscription is overdue, and describes each broken promise. */
export interface Judge {
  takeEvents(events: readonly SeenEvent[]): void;
  endOfHour(sight: HourEnd): void;
  failures: string[];
  /** Ids of all events so far. */
  events: ReadonlySet<string>;
}

/** @param holdHours how many hours longer than others the task of a printer may be open */
export function createJudge(watches: readonly WatchKey[], holdHours: (printerId: string) => number): Judge {
  const failures: string[] = [];
  const held = new Set<string>();
  const events = new Set<string>();
  let hours = 0;
  let sweepsMissed = new Map<string, number>();
  let hoursOpen = new Map<string, number>();
  const hoursWithout = new Map<string, number>();
  const fail = (text: string) => failures.push(`hour ${hours}: ${text}`);

  return {
    failures,
    events,
    takeEvents(more) {
      for (const { id, data } of more) {
        if (events.has(id)) fail(`${id} was sent twice`);
        events.add(id);
        if (data['outcome'] === 'held') held.add(id);
      }
      for (const { id } of more) {
        const first = id.replace(/\/end$/, '');
        if (id !== first && !held.has(first)) fail(`${id} was sent without the event that the job is held`);
      }
    },
    endOfHour({ hour, listed, openTasks, subscriptions }) {
      hours += 1;
      if (hour.graph !== 'up' || hour.app === 'out') {
        sweepsMissed = new Map();
        return;
      }
      // A sweep in an hour of faults may be incomplete. It counts from the first hour without.
      const missing = hour.faults ? [] : listed.flatMap((job) => eventIds(job, held)).filter((id) => !events.has(id));
      sweepsMissed = new Map(missing.map((id) => [id, (sweepsMissed.get(id) ?? 0) + 1]));
      for (const [id, sweeps] of sweepsMissed) {
        if (sweeps === SWEEPS_ALLOWED) fail(`${id} has no event after ${sweeps} sweeps`);
      }
      // An hour of the soak lasts a minute of its clock. A customer that is throttled for two minutes gets nothing done in it.
      const counted = hour.faults ? 0 : 1;
      const openFor = (taskId: string) => {
        const before = hoursOpen.get(taskId);
        return before === undefined ? 0 : before + counted;
      };
      hoursOpen = new Map(openTasks.map(({ taskId }) => [taskId, openFor(taskId)]));
      for (const { taskId, printerId } of openTasks) {
        if (hoursOpen.get(taskId) === HOURS_OPEN + holdHours(printerId) + 1) fail(`task ${taskId} is still open`);
      }
      for (const { tenantId, kind, id } of watches) {
        const name = `${tenantId}/${kind}_${id}`;
        const live = subscriptions.filter((one) => one.tenantId === tenantId && one.resource.includes(id));
        const without = live.length > 0 ? 0 : (hoursWithout.get(name) ?? 0) + 1;
        hoursWithout.set(name, without);
        if (without === HOURS_WITHOUT_SUBSCRIPTION + 1) fail(`${name} has no live subscription`);
      }
    },
  };
}

/** Ids of the events that a job must have by now (event contract of the product). */
function eventIds(job: ListedJob, held: ReadonlySet<string>): string[] {
  const { tenantId, printerId, jobId, state, isFetchable, isAcquiredByPrinter, redirectedTo } = job;
  const hasPrinted = redirectedTo === undefined && state === 'completed';
  const isReady = isFetchable || hasPrinted || (isAcquiredByPrinter && state === 'processing');
  const ended = job.tasks.filter((task) => ['completed', 'aborted'].includes(task.state));
  const idOf = ({ definitionId, id }: ListedJob['tasks'][number]) => `${tenantId}/jobStarted_${definitionId}_${id}`;
  return [
    ...job.tasks.map(idOf),
    ...ended.map(idOf).flatMap((id) => (held.has(id) ? [`${id}/end`] : [])),
    ...(isReady ? [`${tenantId}/jobFetchable_${printerId}_${jobId}`] : []),
  ];
}
