import { setTimeout as delay } from 'node:timers/promises';
import type { AppLogLine } from './appLog';
import type { StepKind } from './console/consoleApi';
import type { Timeline } from './console/timeline/createTimeline';
import type { Customer, RunCommand } from './demoCustomers';
import { describeJob, printJob, untilLogged, untilProcessed, type FollowedJob } from './demoJobs';
import type { ControlClient } from './graphSimulator/control/controlClient';
import { forgeNotification } from './tool/presets';

interface Demo {
  control: ControlClient;
  run: RunCommand;
  say: (text?: string) => void;
  timeline: Timeline;
  log: readonly AppLogLine[];
  started: Customer;
  fetchable: Customer;
}

const RETRY_AFTER_SECONDS = 2;
/** How long the last steps of a job may take to become known. */
const STEPS_LIMIT_MS = 5_000;

/**
 * Four faults, one after the other: a lost notification, a throttled job, a late duplicate, a forged notification.
 *
 * @returns the jobs that were printed, each of which must have one event, and whether each fault ended as it should
 */
export async function showFaults(demo: Demo): Promise<{ jobs: FollowedJob[]; right: boolean }> {
  const { control } = demo;
  await control.setDelivery({ duplicateEach: false });
  const lost = await loseNotification(demo);
  const throttled = await throttleJob(demo);
  const right = [await repeatNotification(demo, throttled.job), await refuseForgery(demo)];
  return { jobs: [lost.job, throttled.job], right: lost.right && throttled.right && right.every(Boolean) };
}

async function loseNotification({ control, run, say, timeline, log, started }: Demo) {
  say('\nA notification is lost. The sweep, which runs every ten minutes and here at once, finds its job:');
  await control.setDelivery({ loseNext: 1 });
  const job = await printJob(control, started);
  await control.idle();
  await run('jobs', 'sweep', '--tenant', job.tenantId);
  await untilProcessed(log, job);
  return { job, right: await show({ say, timeline }, job, ['lost', 'swept', 'decided', 'acted', 'event']) };
}

async function throttleJob({ control, say, timeline, log, fetchable }: Demo) {
  say(`\nGraph throttles: the next call is answered with 429 and Retry-After ${RETRY_AFTER_SECONDS} s.`);
  const action = { type: 'status', status: 429, retryAfterSeconds: RETRY_AFTER_SECONDS } as const;
  await control.addFault({ tenantId: fetchable.tenantId, count: 1, action });
  const job = await printJob(control, fetchable);
  await untilProcessed(log, job);
  return { job, right: await show({ say, timeline }, job, ['throttled', 'retried', 'read', 'event']) };
}

async function repeatNotification({ control, say, timeline, log }: Demo, job: FollowedJob): Promise<boolean> {
  say('\nThe notification of this job is delivered again, long after the work ended.');
  const from = Date.now();
  const { tenantId, jobId, key } = job;
  await control.redeliver({ match: { tenantId, jobId } });
  await untilLogged(log, 'The duplicate', ({ event, fields }) => event === 'job.duplicate' && fields['key'] === key);
  return show({ say, timeline }, job, ['duplicate'], from);
}

/** A stranger knows everything about a subscription but the signing key. */
async function refuseForgery({ control, say, log, timeline, started }: Demo): Promise<boolean> {
  const status = await forgeNotification(control, { tenant: started.tenantId });
  say(`\nA stranger posts a notification with a made-up signature. The answer reveals nothing: ${status}`);
  const isRefused = ({ event, fields }: AppLogLine) =>
    event === 'notifications.received' && fields['refused.wrongMac'] === 1;
  await untilLogged(log, 'The refusal', isRefused);
  const refusal = timeline.service().findLast(({ kind }) => kind === 'refused');
  say(`  ${refusal?.text ?? 'It was not refused.'}`);
  return status === 202 && refusal !== undefined;
}

/** Shows the steps of the job once these kinds are among them. The last call and the event become known a moment after the log. */
async function show(
  { say, timeline }: Pick<Demo, 'say' | 'timeline'>,
  job: FollowedJob,
  kinds: readonly StepKind[],
  from?: number,
): Promise<boolean> {
  const missingIn = ({ steps }: ReturnType<typeof describeJob>) =>
    kinds.filter((kind) => !steps.some((step) => step.kind === kind));
  let described = describeJob(timeline, job, from);
  for (let waited = 0; missingIn(described).length > 0 && waited < STEPS_LIMIT_MS; waited += 50) {
    await delay(50);
    described = describeJob(timeline, job, from);
  }
  say(job.title);
  described.lines.forEach((line) => say(line));
  const missing = missingIn(described);
  if (missing.length > 0) say(`Expected also: ${missing.join(', ')}.`);
  return missing.length === 0;
}
