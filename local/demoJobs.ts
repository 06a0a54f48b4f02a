import { setTimeout as delay } from 'node:timers/promises';
import type { AppLogLine } from './appLog';
import type { Step } from './console/consoleApi';
import type { Timeline } from './console/timeline/createTimeline';
import { storyId } from './console/timeline/jobFacts';
import type { Customer } from './demoCustomers';
import type { ControlClient } from './graphSimulator/control/controlClient';

/** How long the work on a job may take before the demo fails. */
const LIMIT_MS = 15_000;

/** One printed job that the demo follows. */
export interface FollowedJob {
  readonly title: string;
  readonly tenantId: string;
  readonly printerId: string;
  readonly jobId: string;
  /** Its key in the ledger, by which the app's log names it. */
  readonly key: string;
}

/** A user of the customer prints one job. */
export async function printJob(control: ControlClient, { tenantId, printerId, name }: Customer): Promise<FollowedJob> {
  const [job] = await control.print(tenantId, { printerId });
  if (!job) throw new Error('The simulator printed nothing');
  const { jobId, taskId, definitionId = '' } = job;
  const key = taskId ? `jobStarted_${definitionId}_${taskId}` : `jobFetchable_${printerId}_${jobId}`;
  const title = `${taskId ? 'JobStarted' : 'JobFetchable'}, ${name}, job ${jobId}`;
  return { title, tenantId, printerId, key, jobId };
}

/**
 * Waits until the log of the app has a line.
 *
 * @throws Error that says what was waited for
 */
export async function untilLogged(
  log: readonly AppLogLine[],
  what: string,
  isIt: (line: AppLogLine) => boolean,
): Promise<void> {
  for (let waited = 0; !log.some(isIt); waited += 50) {
    if (waited > LIMIT_MS) throw new Error(`${what} did not happen within ${LIMIT_MS / 1000} s`);
    await delay(50);
  }
}

/** Waits until the event of the job is recorded. */
export async function untilProcessed(log: readonly AppLogLine[], { key, title }: FollowedJob): Promise<void> {
  await untilLogged(
    log,
    `The event of ${title}`,
    (line) => line.event === 'job.processed' && line.fields['key'] === key,
  );
}

/** The steps of the job as lines, each with its time after the first one. */
export function describeJob(timeline: Timeline, job: FollowedJob, from = 0): { lines: string[]; steps: Step[] } {
  const steps = timeline.steps(storyId(job)).filter(({ at }) => at >= from);
  const start = steps[0]?.at ?? 0;
  const lines = steps.map(({ at, text }) => `  ${`+${Math.round(at - start)} ms`.padStart(9)}  ${text}`);
  return { lines, steps };
}
