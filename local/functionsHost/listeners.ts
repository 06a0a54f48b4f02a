import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { DescribedFunction } from './functions';
import type { HostContext } from './hostContext';
import { HostError } from './hostError';
import { scaleTarget } from './queue/scaleTarget';
import { poisonQueueName, startQueueListener } from './queue/queueListener';
import { keepLock } from './timer/lock';
import { startTimerListener } from './timer/timerListener';

/** The container in which the host keeps locks and timer status. */
const HOSTS_CONTAINER = 'azure-webjobs-hosts';
/** HTTP becomes ready after this time even if storage does not answer. */
const FIRST_ATTEMPT_MS = 5_000;

/** Starts a listener for every queue and timer function. Throws HostError if a connection setting is missing. */
export async function startListeners(context: HostContext, functions: readonly DescribedFunction[]) {
  const { env } = context;
  const timerFunctions = functions.filter((fn) => fn.type === 'timer');
  const queueFunctions = functions.filter((fn) => fn.type === 'queue');
  // Both before the first listener starts: a missing connection stops the host.
  const container = timerFunctions.length > 0 ? hostBlobService(env).getContainerClient(HOSTS_CONTAINER) : undefined;
  const services = queueFunctions.map((fn) => ({ fn, service: queueService(env, fn.connection) }));

  // The host with this lock is the primary one of its id, which has no work of its own here.
  const none = () => undefined;
  const primary =
    container &&
    keepLock({ ...context, container, onTaken: none, onLost: none, onError: none }, `locks/${context.hostId}/host`);
  const timers = container ? timerFunctions.map((fn) => startTimerListener({ ...context, container }, fn)) : [];
  const queues = services.map(({ fn, service }) => {
    const poisonName = poisonQueueName(fn.queueName);
    const client = service.getQueueClient(fn.queueName);
    const poison = poisonName === undefined ? undefined : service.getQueueClient(poisonName);
    return startQueueListener({ ...context, client, poison }, fn);
  });
  await within(FIRST_ATTEMPT_MS, Promise.all(timers.map((timer) => timer.started)));
  return {
    /** Receives no new message and starts no new timer run. Resolves when the last receive has ended. */
    async stop() {
      for (const timer of timers) timer.stop();
      await Promise.all(queues.map((queue) => queue.stop()));
    },
    /** Releases the locks of the host and its timers. */
    async release() {
      await Promise.all([primary?.release(), ...timers.map((timer) => timer.release())]);
    },
  };
}

/** How many instances the platform would ask for, by the name of each queue function. */
export async function readScaleTargets(
  { env, config }: Pick<HostContext, 'env' | 'config'>,
  functions: readonly DescribedFunction[],
): Promise<Record<string, number>> {
  const targets = functions.flatMap((fn) => {
    if (fn.type !== 'queue') return [];
    const client = queueService(env, fn.connection).getQueueClient(fn.queueName);
    return [scaleTarget(client, config.queues).then((instances) => [fn.name, instances] as const)];
  });
  return Object.fromEntries(await Promise.all(targets));
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
  const expected = 'the local host needs a connection string there, such as "UseDevelopmentStorage=true"';
  const identity = `Identity connections (${connection}__queueServiceUri) work in Azure only.`;
  throw new HostError('bad_settings', `Setting ${connection} is missing: ${expected}. ${identity}`);
}
