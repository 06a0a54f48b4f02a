import { HostError } from '../hostError';
import { messageOf } from '../messageOf';
import { createSection, type Section } from './createSection';
import { overrideFromEnvironment } from './overrideFromEnvironment';

export interface QueueOptions {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface HttpOptions {
  readonly routePrefix: string;
  readonly customHeaders: Readonly<Record<string, string>>;
}

export interface SingletonOptions {
  readonly listenerLockPeriodMs: number;
  readonly listenerLockRecoveryPollingIntervalMs: number;
}

export interface HostConfig {
  readonly queues: QueueOptions;
  readonly http: HttpOptions;
  readonly singleton: SingletonOptions;
  readonly logLevels: Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;

/**
 * host.json v2 with the overrides that `AzureFunctionsJobHost__*` in `env` make. `cpuCount` multiplies the default of
 * newBatchThreshold. Throws HostError `bad_host_json` that names the key and its documented range.
 */
export function parseHostJson(text: string, env: NodeJS.ProcessEnv, cpuCount: number): HostConfig {
  const root = createSection('', overrideFromEnvironment(parse(text), env));
  if (root.value('version') !== '2.0')
    throw new HostError('bad_host_json', 'host.json: "version" must be "2.0".');
  const extensions = root.section('extensions');
  return {
    queues: queueOptions(extensions.section('queues'), cpuCount),
    http: {
      routePrefix: extensions
        .section('http')
        .text('routePrefix', 'api')
        .replace(/^\/+|\/+$/g, ''),
      customHeaders: extensions.section('http').section('customHeaders').texts(),
    },
    singleton: {
      // Ranges of SingletonOptions in the WebJobs SDK: a blob lease lasts 15 to 60 seconds.
      listenerLockPeriodMs: root
        .section('singleton')
        .timeSpan('listenerLockPeriod', MINUTE_MS, 15_000, MINUTE_MS),
      listenerLockRecoveryPollingIntervalMs: root
        .section('singleton')
        .timeSpan('listenerLockRecoveryPollingInterval', MINUTE_MS, 15_000),
    },
    logLevels: root.section('logging').section('logLevel').texts(),
  };
}

/** Defaults and bounds of QueuesOptions in the Storage.Queues extension. */
function queueOptions(queues: Section, cpuCount: number): QueueOptions {
  const batchSize = queues.integer('batchSize', 16, 1, 32);
  return {
    batchSize,
    newBatchThreshold: queues.integer('newBatchThreshold', Math.floor(batchSize / 2) * cpuCount, 0),
    maxDequeueCount: queues.integer('maxDequeueCount', 5, 1),
    visibilityTimeoutMs: queues.timeSpan('visibilityTimeout', 0, 0, 7 * 24 * 60 * MINUTE_MS),
    maxPollingIntervalMs: queues.timeSpan('maxPollingInterval', MINUTE_MS, 100),
    messageEncoding: queues.oneOf('messageEncoding', ['base64', 'none'], 'base64'),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HostError('bad_host_json', `host.json is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
