import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createControlClient, type ControlClient } from '../../local/graphSimulator/control/controlClient';
import { startLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local/startLocalCloud';
import { systemClock, type Clock } from '../../shared/clock';
import { createServices, type Services } from '../../shared/services';
import { addWatch } from '../../shared/subscriptions/manage';
import type { WatchKey, WatchKind } from '../../shared/watches/watches';
import { eventually } from './eventually';
import { findEventFaults } from './findEventFaults';
import { createStoredMessages, type StoredMessages } from './storedMessages';
import { TIMERS_OFF, type TimerName } from './timers';

/** The root of the package, whose dist/ `npm test` has built. */
export const ROOT = join(__dirname, '..', '..');

/** One job event as the vendor's systems read it; only what tests look at. */
export interface SeenEvent {
  id: string;
  type: string;
  data: Record<string, unknown>;
}

/** What the app works on. */
export const WORK_QUEUES = ['print-notifications', 'print-archive', 'subscription-events'];

/** The longest that a function may still run: a bound on a test that fails, never a measure of one that passes. */
const QUIET_LIMIT_MS = 60_000;

export interface Customer {
  tenantId: string;
  printerId: string;
  definitionId: string;
}

export interface Flow {
  cloud: LocalCloud;
  control: ControlClient;
  queues: StoredMessages;
  services: Services;
  /** The time of the app. */
  clock: Clock;
  /** Where Graph posts. */
  notificationsUrl: string;
  /** A tenant on the allow-list with one printer bound to one definition, watched as asked. */
  onboard(watch: readonly WatchKind[], options?: OnboardOptions): Promise<Customer>;
  /** Adds a watch as the CLI does, and makes sure that it has a subscription. */
  watch(key: WatchKey, options?: Pick<OnboardOptions, 'publicBaseUrl'>): Promise<void>;
  /** The job events sent since the last look, taken off their queue. */
  takeEvents(): Promise<SeenEvent[]>;
  /** Every job event so far, each message taken once. */
  events(): Promise<SeenEvent[]>;
  /** Waits until at least `count` job events have been sent. */
  untilEvents(count: number, limitMs?: number): Promise<SeenEvent[]>;
  /** The app's log lines so far with this `event`, of the host's current process. */
  logged(event: string): Record<string, unknown>[];
  /** Waits until Graph has nothing to deliver, no message is visible and no function runs. */
  untilQuiet(): Promise<void>;
  /** Starts timers' functions once, now; they count as under way when this resolves. */
  start(names: TimerName | readonly TimerName[]): Promise<void>;
  /** Runs timers' functions once, now, does `meanwhile` beside them, and waits until nothing is under way. */
  runNow(names: TimerName | readonly TimerName[], meanwhile?: () => Promise<void>): Promise<void>;
  /** Ends all. Throws when the process of the app has ended by itself, and not by the test. */
  stop(): Promise<void>;
}

export interface OnboardOptions {
  /** Whether the printer is bound to the definition; true when absent. */
  trigger?: boolean;
  /** Another PUBLIC_BASE_URL than the app's, as one of before would be. */
  publicBaseUrl?: string;
}

export interface FlowOptions extends Partial<LocalCloudOptions> {
  /** Lets the timers run by themselves. Otherwise they run when the test says so, not in the middle of what it counts. */
  timers?: boolean;
  /** Looks at idle queues as seldom as host.json says. */
  shippedPolls?: boolean;
}

/** host.json says 2 s; waiting for polls that have backed off would be most of the time of a test. */
const QUICK_POLLS = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.1' };

/** Starts the local cloud with the built app for one test file. */
export async function startFlow({ timers = false, shippedPolls = false, ...options }: FlowOptions = {}): Promise<Flow> {
  const settings = {
    ...(timers ? {} : TIMERS_OFF),
    ...(shippedPolls ? {} : QUICK_POLLS),
    ...options.settings,
  };
  const cloud = await startLocalCloud({ root: ROOT, ports: 'free', ...options, settings });
  const control = createControlClient(cloud.simulator);
  const queues = createStoredMessages(cloud.connectionString);
  // Onboarding happens in this process, which does not trust the simulator's certificate: no token over https here.
  const services = createServices({ ...cloud.settings, GRAPH_CREDENTIAL: 'development' });
  // What happens in this process happens at the time of the app.
  const clock = { ...systemClock, now: () => Date.now() + (cloud.clock?.offset() ?? 0) + (options.appAheadMs ?? 0) };
  const seen: SeenEvent[] = [];
  const takeEvents = async () => {
    const taken = await queues.take('print-job-events');
    const faults = taken.flatMap(findEventFaults);
    if (faults.length > 0) throw new Error(`The app sent what docs/events.md does not say: ${faults.join(', ')}`);
    return taken as SeenEvent[];
  };
  const events = async () => {
    seen.push(...(await takeEvents()));
    return [...seen];
  };
  /** Waits for what is under way now, and says whether nothing was. */
  const look = async (): Promise<boolean> => {
    await control.idle();
    let wasQuiet = true;
    await Promise.all(
      WORK_QUEUES.map((queue) =>
        eventually(
          `no message of ${queue} is visible`,
          async () => {
            const isEmpty = !(await queues.hasVisible(queue));
            wasQuiet &&= isEmpty;
            return isEmpty ? true : undefined;
          },
          QUIET_LIMIT_MS,
        ),
      ),
    );
    const idle = await Promise.all(cloud.hosts.map((host) => host.waitUntilIdle(QUIET_LIMIT_MS)));
    return wasQuiet && !idle.includes(false);
  };
  const untilQuiet = async () => {
    // What ends may have begun something else, which the next look meets: two in a row must find nothing.
    for (let quiet = 0; quiet < 2;) quiet = (await look()) ? quiet + 1 : 0;
  };
  const start: Flow['start'] = async (names) => {
    for (const name of [names].flat()) {
      const { status } = await fetch(`${cloud.hosts[0]?.url ?? ''}/admin/functions/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-functions-key': cloud.functionKey },
        body: '{}',
      });
      if (status !== 202) throw new Error(`/admin/functions/${name} answered ${status}`);
    }
  };
  const watch: Flow['watch'] = async (key, { publicBaseUrl } = {}) => {
    const { config, ...rest } = await services.subscriptions();
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const settings = publicBaseUrl === undefined ? config : { ...config, publicBaseUrl };
    const added = await addWatch({ ...rest, config: settings, clock, logger }, key);
    if (added.outcome !== 'watched' || added.result.watch.subscriptionId === undefined) {
      throw new Error(`The watch got no subscription: ${JSON.stringify(added)}`);
    }
  };
  return {
    cloud,
    control,
    queues,
    services,
    clock,
    notificationsUrl: `${cloud.settings['PUBLIC_BASE_URL'] ?? ''}/notifications`,
    async onboard(kinds, { trigger = true, ...options } = {}) {
      const tenantId = randomUUID();
      await control.createTenant({ tenantId });
      const { id: printerId } = await control.createPrinter(tenantId, { displayName: 'Printer' });
      const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Receiver' });
      if (trigger) await control.createTrigger(tenantId, { printerId, definitionId });
      const tenants = await services.tenants();
      await tenants.add({
        tenantId,
        name: 'Customer',
        status: 'active',
        taskDeadlineMinutes: 15,
        retentionDays: 30,
        createdAt: new Date(clock.now()).toISOString(),
      });
      for (const kind of kinds) {
        await watch({ tenantId, kind, id: kind === 'jobStarted' ? definitionId : printerId }, options);
      }
      return { tenantId, printerId, definitionId };
    },
    watch,
    takeEvents,
    events,
    untilEvents: (count, limitMs) =>
      eventually(
        `${count} job events`,
        async () => {
          const all = await events();
          return all.length >= count ? all : undefined;
        },
        limitMs,
      ),
    logged: (event) => cloud.hosts.flatMap((host) => host.lines().flatMap((line) => readLogged(line, event))),
    untilQuiet,
    start,
    async runNow(names, meanwhile) {
      await untilQuiet();
      if ([names].flat().includes('sweepJobs')) await makeSweepsDue(cloud);
      await start(names);
      await meanwhile?.();
      await untilQuiet();
    },
    async stop() {
      const deaths = cloud.workerDeaths();
      await cloud.stop();
      // Its messages come back, so that nothing else would show it.
      if (deaths.length > 0) throw new Error(`The app's process ended by itself: ${deaths.join(' ')}`);
    },
  };
}

/** A run of the timer sweeps what became due since the last one: after eleven minutes, everything. */
async function makeSweepsDue({ settings, azurite }: LocalCloud): Promise<void> {
  // Past the fault proxy, which counts what the app writes.
  const tenants = await createServices({ ...settings, AzureWebJobsStorage: azurite.connectionString }).tenants();
  const earlier = (time: string) => new Date(Date.parse(time) - 11 * 60_000).toISOString();
  for await (const { tenantId } of tenants.list(() => undefined)) {
    await tenants.update(tenantId, ({ sweptAt, sweepTriedAt, ...row }) => ({
      ...row,
      ...(sweptAt === undefined ? {} : { sweptAt: earlier(sweptAt) }),
      ...(sweepTriedAt === undefined ? {} : { sweepTriedAt: earlier(sweepTriedAt) }),
    }));
  }
}

function readLogged(line: string, event: string): Record<string, unknown>[] {
  if (!line.includes(event)) return [];
  const { message } = JSON.parse(line) as { message?: string };
  if (message === undefined || !message.startsWith('{')) return [];
  const fields = JSON.parse(message) as Record<string, unknown>;
  return fields['event'] === event ? [fields] : [];
}
