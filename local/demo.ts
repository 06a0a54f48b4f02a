/**
 * Starts the local cloud, onboards two customers through the CLI, prints one job for each with a duplicate of its
 * notification, shows the events of each job, and checks that exactly two job events were sent. Then rules abort, redirect,
 * hold and archive the jobs of a third customer. Exits with 0, or 1.
 */
import { QueueServiceClient } from '@azure/storage-queue';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AppLogLine } from './appLog';
import { followCloud } from './console/followCloud';
import { createTimeline } from './console/timeline/createTimeline';
import { storyId } from './console/timeline/jobFacts';
import { onboardJobFetchable, onboardJobStarted, type RunCommand } from './demoCustomers';
import { showRules, type DemoEvent } from './demoRules';
import { createControlClient } from './graphSimulator/control/controlClient';
import { runCliCommand } from './processes';
import { startLocalCloud, type LocalCloud } from './startLocalCloud';
import { createStopList, stopOnSignals } from './stopList';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** How long the two jobs may take before the demo fails. */
const LIMIT_MS = 15_000;
/** An unexpected third event would arrive within this time: the app polls its queue at least every two seconds. */
const EXTRA_MS = 2_500;

const say = (text = '') => console.log(text);
const startedAt = Date.now();
const stops = createStopList();
const interruption = stopOnSignals(stops);
const result = await runDemo().catch((error: unknown) => ({ error }));
// Stopping ends what the demo was waiting for. Its exit code and last words are those of the signal.
if (!interruption.signal.aborted) await finish(result);

async function finish(result: boolean | { error: unknown }): Promise<void> {
  const passed = result === true;
  if (typeof result === 'object') {
    const { error } = result;
    console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  await stops.stop();
  interruption.ignore();
  say(`${passed ? 'Done' : 'FAILED'} after ${seconds(Date.now() - startedAt)}. Nothing is left running.`);
  process.exitCode = passed ? 0 : 1;
}

async function runDemo(): Promise<boolean> {
  say(
    'Starting the local cloud: storage (Azurite), a simulated Microsoft Graph, and the built app in a functions host.',
  );
  const cloud = await startLocalCloud({ root: ROOT, ports: 'free', stops });
  say(`Ready after ${seconds(Date.now() - startedAt)}. Two customers are onboarded with the command line:`);
  const control = createControlClient(cloud.simulator);
  const log: AppLogLine[] = [];
  const timeline = createTimeline();
  const { connectionString } = cloud;
  const follower = followCloud({ control, connectionString, timeline, onLog: (line) => log.push(line) });
  await stops.add(() => follower.stop());
  for (const host of cloud.hosts) follower.followHost(host);
  const run: RunCommand = (...args) => {
    say(`  npm run -s cli -- ${args.join(' ')}`);
    return runCliCommand(ROOT, cloud.environment, args, interruption.signal);
  };
  const started = await onboardJobStarted(control, run, 'Contoso');
  const fetchable = await onboardJobFetchable(control, run, 'Fabrikam');

  say('\nOne job is printed for each. Graph sends every notification twice.');
  await control.setDelivery({ duplicateEach: true });
  const jobs: FollowedJob[] = [];
  for (const customer of [started, fetchable]) {
    const { tenantId, printerId, name } = customer;
    const [job] = await control.print(tenantId, { printerId });
    if (!job) throw new Error('The simulator printed nothing');
    const { jobId, taskId, definitionId = '' } = job;
    const key = taskId ? `jobStarted_${definitionId}_${taskId}` : `jobFetchable_${printerId}_${jobId}`;
    const title = `${taskId ? 'JobStarted' : 'JobFetchable'}, ${name}, job ${jobId}`;
    jobs.push({ title, tenantId, printerId, key, jobId });
  }
  await untilProcessed(log, jobs);
  await delay(EXTRA_MS);

  for (const job of jobs) {
    say(`\n${job.title}`);
    const steps = timeline.steps(storyId(job));
    const printedAt = steps[0]?.at ?? 0;
    for (const { at, text } of steps) say(`  ${`+${Math.round(at - printedAt)} ms`.padStart(9)}  ${text}`);
  }
  const events = await readEvents(cloud);
  say(`\nThe queue print-job-events holds ${events.length === 1 ? '1 event' : `${events.length} events`}:`);
  for (const event of events) say(`  ${event.type}  ${event.id}`);
  const ids = new Set(events.map(({ id }) => id));
  const expected = jobs.every((job) => ids.has(`${job.tenantId}/${job.key}`));
  const right = events.length === 2 && ids.size === 2 && expected;
  say(right ? 'Exactly two, one for each job.' : 'Expected exactly two, one for each job.');
  const acted = await showRules({ cloud, control, run, say, readEvents: () => readEvents(cloud) });
  return right && acted;
}

/** One printed job that the demo follows. */
interface FollowedJob {
  title: string;
  tenantId: string;
  printerId: string;
  jobId: string;
  /** Its key in the ledger, by which the app's log names it. */
  key: string;
}

/** Waits until each job has been processed and its duplicate received. */
async function untilProcessed(log: readonly AppLogLine[], jobs: readonly FollowedJob[]): Promise<void> {
  const isDone = ({ key }: FollowedJob) => {
    const mine = log.filter(({ fields }) => fields['key'] === key);
    return mine.some(({ event }) => event === 'job.processed') && mine.length >= 2;
  };
  for (let waited = 0; !jobs.every(isDone); waited += 50) {
    if (waited > LIMIT_MS) throw new Error(`Not every job was processed within ${seconds(LIMIT_MS)}`);
    await delay(50);
  }
}

/** Reads the vendor's queue without removing anything. */
async function readEvents(cloud: LocalCloud): Promise<DemoEvent[]> {
  const service = QueueServiceClient.fromConnectionString(cloud.connectionString);
  const { peekedMessageItems } = await service
    .getQueueClient('print-job-events')
    .peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems.map(({ messageText }) => {
    const event: unknown = JSON.parse(Buffer.from(messageText, 'base64').toString('utf8'));
    if (typeof event !== 'object' || event === null || !('id' in event) || !('type' in event) || !('data' in event)) {
      throw new Error('A message in print-job-events is not a job event');
    }
    return { id: String(event.id), type: String(event.type), data: event.data };
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
