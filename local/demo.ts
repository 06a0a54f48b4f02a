/**
 * Starts the local cloud, onboards two customers through the CLI, prints one job for each with a duplicate of its
 * notification, shows the steps of each job, and checks that exactly two job events were sent. Then four faults are shown,
 * and rules abort, redirect, hold and archive the jobs of a third customer. Exits with 0, or 1.
 */
import { QueueServiceClient } from '@azure/storage-queue';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AppLogLine } from './appLog';
import { followCloud } from './console/followCloud';
import { createTimeline } from './console/timeline/createTimeline';
import { onboardJobFetchable, onboardJobStarted, type RunCommand } from './demoCustomers';
import { showFaults } from './demoFaults';
import { describeJob, printJob, untilLogged, untilProcessed, type FollowedJob } from './demoJobs';
import { showRules, type DemoEvent } from './demoRules';
import { createControlClient } from './graphSimulator/control/controlClient';
import { runCliCommand } from './processes';
import { startLocalCloud, type LocalCloud } from './startLocalCloud';
import { createStopList, stopOnSignals } from './stopList';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** An unexpected third event would arrive within this time: the app polls its queue at least every two seconds. */
const EXTRA_MS = 2_500;
const NEXT_STEPS = [
  'Next:',
  '  npm start           the console of a local cloud, to print jobs and set faults yourself',
  '  docs/onboarding.md  onboard a customer, step by step',
  '  docs/events.md      receive the events in your system',
  '  docs/deploy.md      deploy to Azure\n',
].join('\n');

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
  for (const customer of [started, fetchable]) jobs.push(await printJob(control, customer));
  for (const job of jobs) {
    await untilProcessed(log, job);
    const { key } = job;
    const isDuplicate = ({ event, fields }: AppLogLine) =>
      (event === 'job.deferred' || event === 'job.duplicate') && fields['key'] === key;
    await untilLogged(log, `The duplicate of ${job.title}`, isDuplicate);
  }
  await delay(EXTRA_MS);

  for (const job of jobs) {
    say(`\n${job.title}`);
    for (const line of describeJob(timeline, job).lines) say(line);
  }
  const events = await readEvents(cloud);
  say(`\nThe queue print-job-events holds ${events.length === 1 ? '1 event' : `${events.length} events`}:`);
  for (const event of events) say(`  ${event.type}  ${event.id}`);
  const ids = new Set(events.map(({ id }) => id));
  const expected = jobs.every((job) => ids.has(`${job.tenantId}/${job.key}`));
  const right = events.length === 2 && ids.size === 2 && expected;
  say(right ? 'Exactly two, one for each job.' : 'Expected exactly two, one for each job.');
  const [event] = events.filter(({ id }) => id.startsWith(started.tenantId));
  say(`\nThe event of ${jobs[0]?.title ?? ''}:\n${JSON.stringify(event, null, 2)}`);

  const faults = await showFaults({ control, run, say, timeline, log, started, fetchable });
  const sent = (await readEvents(cloud)).map(({ id }) => id);
  const once = faults.jobs.every((job) => sent.filter((id) => id === `${job.tenantId}/${job.key}`).length === 1);
  const survived = faults.right && once && sent.length === jobs.length + faults.jobs.length;
  say(survived ? 'Each job has one event, and the forged one none.' : 'Expected one event for each job.');
  const acted = await showRules({ cloud, control, run, say, readEvents: () => readEvents(cloud) });
  if (right && survived && acted) say(NEXT_STEPS);
  return right && survived && acted;
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
    return { ...event, id: String(event.id), type: String(event.type), data: event.data };
  });
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
