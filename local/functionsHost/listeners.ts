import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Alarm } from './alarm';
import type { DescribedFunction } from './functions';
import { HostError } from './hostError';
import { poisonQueueName, startQueueListener } from './queue/queueListener';
import type { Reporter } from './reporter';
import type { HostConfig } from './settings/hostJson';
import { startTimerListener } from './timer/timerListener';
import type { Activity, Invoker } from './worker/invoke';

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
  /** Receives no new message and starts no new timer run. Resolves when the last receive has ended. */
  stop(): Promise<void>;
  /** Releases the locks of the timers. */
  release(): Promise<void>;
}

/** The container in which the host keeps locks and timer status. */
const HOSTS_CONTAINER = 'azure-webjobs-hosts';
/** HTTP becomes ready after this time even if storage does not answer. */
const FIRST_ATTEMPT_MS = 5_000;

/** Starts a listener for every queue and timer function. Throws HostError if a connection setting is missing. */
export async function startListeners(
  dependencies: ListenerDependencies,
  functions: readonly DescribedFunction[],
): Promise<Listeners> {
  const { env, config } = dependencies;
  const timerFunctions = functions.filter((fn) => fn.type === 'timer');
  const queueFunctions = functions
    .filter((fn) => fn.type === 'queue')
    .map((fn) => ({ fn, service: queueService(env, fn.connection) }));
  const blobs = timerFunctions.length > 0 ? hostBlobService(env) : undefined;
  const container = blobs?.getContainerClient(HOSTS_CONTAINER);

  const timers = timerFunctions.flatMap((fn) =>
    container ? startTimerListener({ ...dependencies, container, singleton: config.singleton }, fn) : [],
  );
  const queues = queueFunctions.map(({ fn, service }) => {
    const poison = poisonQueueName(fn.queueName);
    const clients = {
      client: service.getQueueClient(fn.queueName),
      poison: poison === undefined ? undefined : service.getQueueClient(poison),
    };
    return startQueueListener({ ...dependencies, ...clients, options: config.queues, random: Math.random }, fn);
  });
  await within(FIRST_ATTEMPT_MS, Promise.all(timers.map((timer) => timer.started)));
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

/** Waits for `work`, at most `ms` milliseconds. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** The queue service of a named connection. Throws HostError `bad_settings` if the connection is missing. */
export function queueService(env: NodeJS.ProcessEnv, connection: string): QueueServiceClient {
  return QueueServiceClient.fromConnectionString(connectionString(env, connection));
}

/** The blob service of the host's own storage, in which timers keep their status and locks. */
export function hostBlobService(env: NodeJS.ProcessEnv): BlobServiceClient {
  return BlobServiceClient.fromConnectionString(connectionString(env, 'AzureWebJobsStorage'));
}

/** A connection is the setting of that name, or `AzureWebJobs<name>`. */
function connectionString(env: NodeJS.ProcessEnv, connection: string): string {
  const value = env[connection] ?? env[`AzureWebJobs${connection}`];
  if (value !== undefined && value !== '') return value;
  throw new HostError(
    'bad_settings',
    `Setting ${connection} is missing: the local host needs a connection string there, such as "UseDevelopmentStorage=true". Identity connections (${connection}__queueServiceUri) work in Azure only.`,
  );
}
