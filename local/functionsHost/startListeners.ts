import type { Activity } from './createActivity';
import type { Alarm } from './createAlarm';
import type { Invoker } from './createInvoker';
import type { Reporter } from './createReporter';
import type { DescribedFunction } from './describeFunctions';
import { poisonQueueName } from './queue/poisonQueueName';
import { startQueueListener } from './queue/startQueueListener';
import type { HostConfig } from './settings/parseHostJson';
import { hostBlobService, queueService } from './storageClients';
import { parseSchedule } from './timer/parseSchedule';
import { startTimerListener } from './timer/startTimerListener';

export interface ListenerDependencies {
  readonly env: NodeJS.ProcessEnv;
  readonly config: HostConfig;
  readonly hostId: string;
  readonly leaseMs: number;
  readonly invoke: Invoker;
  readonly reporter: Reporter;
  readonly activity: Activity;
  readonly alarm: Alarm;
  readonly now: () => number;
}

export interface Listeners {
  /** Takes no new message and starts no new timer run; resolves when the last receive has ended. */
  stop(): Promise<void>;
  /** Gives the timers' locks back. */
  release(): Promise<void>;
}

/** The container in which the host keeps locks and timer status. */
const HOSTS_CONTAINER = 'azure-webjobs-hosts';
/** Storage that does not answer must not keep HTTP from being ready. */
const FIRST_ATTEMPT_MS = 5_000;

/** Starts a listener for every queue and timer function. Throws HostError when a connection setting is missing. */
export async function startListeners(
  dependencies: ListenerDependencies,
  functions: readonly DescribedFunction[],
): Promise<Listeners> {
  const { env, config, hostId } = dependencies;
  const timerFunctions = functions.filter((fn) => fn.type === 'timer');
  const queueFunctions = functions
    .filter((fn) => fn.type === 'queue')
    .map((fn) => ({ fn, service: queueService(env, fn.connection) }));
  const container =
    timerFunctions.length > 0 ? hostBlobService(env).getContainerClient(HOSTS_CONTAINER) : undefined;

  const timers = container
    ? timerFunctions.map((fn) =>
        startTimerListener(
          { ...dependencies, container, hostId, singleton: config.singleton },
          fn,
          parseSchedule(fn.schedule),
        ),
      )
    : [];
  const queues = queueFunctions.map(({ fn, service }) => {
    const poison = poisonQueueName(fn.queueName);
    return startQueueListener(
      {
        ...dependencies,
        client: service.getQueueClient(fn.queueName),
        poison: poison === undefined ? undefined : service.getQueueClient(poison),
        options: config.queues,
        random: Math.random,
      },
      fn,
    );
  });

  let timeout: NodeJS.Timeout | undefined;
  await Promise.race([
    Promise.all(timers.map((timer) => timer.started)),
    new Promise((resolve) => (timeout = setTimeout(resolve, FIRST_ATTEMPT_MS))),
  ]);
  clearTimeout(timeout);
  return {
    async stop() {
      for (const timer of timers) timer.stop();
      await Promise.all(queues.map((queue) => queue.stop()));
    },
    async release() {
      await Promise.all(timers.map((timer) => timer.release()));
    },
  };
}
