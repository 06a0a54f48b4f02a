import { HostError, messageOf } from '../hostError';

export interface QueueOptions {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly visibilityTimeoutMs: number;
  readonly maxPollingIntervalMs: number;
  readonly messageEncoding: 'base64' | 'none';
}

export interface SingletonOptions {
  readonly listenerLockPeriodMs: number;
  readonly listenerLockRecoveryPollingIntervalMs: number;
}

export interface HostConfig {
  readonly queues: QueueOptions;
  readonly http: { readonly routePrefix: string; readonly customHeaders: Readonly<Record<string, string>> };
  readonly singleton: SingletonOptions;
  readonly logLevels: Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;

/**
 * Parses host.json v2. App settings `AzureFunctionsJobHost__<path with __>` in `env` override its values, and names
 * match in any case (documentation page functions-host-json, "Override host.json values"). `cpuCount` multiplies the
 * default of newBatchThreshold. Throws HostError `bad_host_json` that names the key and its documented range.
 */
export function parseHostJson(text: string, env: NodeJS.ProcessEnv, cpuCount: number): HostConfig {
  const file = createReader(parseJson(text), env);
  if (file.read('version', '', anyText) !== '2.0')
    throw new HostError('bad_host_json', 'host.json: "version" must be "2.0".');
  // Defaults and ranges: QueuesOptions of the Storage.Queues extension.
  const batchSize = file.read('extensions.queues.batchSize', 16, integer(1, 32));
  return {
    queues: {
      batchSize,
      newBatchThreshold: file.read(
        'extensions.queues.newBatchThreshold',
        Math.floor(batchSize / 2) * cpuCount,
        integer(0),
      ),
      maxDequeueCount: file.read('extensions.queues.maxDequeueCount', 5, integer(1)),
      visibilityTimeoutMs: file.read('extensions.queues.visibilityTimeout', 0, timeSpan(0, 7 * 24 * 60 * MINUTE_MS)),
      maxPollingIntervalMs: file.read('extensions.queues.maxPollingInterval', MINUTE_MS, timeSpan(100)),
      messageEncoding: file.read(
        'extensions.queues.messageEncoding',
        'base64',
        oneOf<'base64' | 'none'>('base64', 'none'),
      ),
    },
    http: {
      routePrefix: file.read('extensions.http.routePrefix', 'api', anyText).replace(/^\/+|\/+$/g, ''),
      customHeaders: file.texts('extensions.http.customHeaders'),
    },
    singleton: {
      // Ranges: SingletonOptions of the WebJobs SDK. A blob lease lasts 15 to 60 seconds.
      listenerLockPeriodMs: file.read('singleton.listenerLockPeriod', MINUTE_MS, timeSpan(15_000, MINUTE_MS)),
      listenerLockRecoveryPollingIntervalMs: file.read(
        'singleton.listenerLockRecoveryPollingInterval',
        MINUTE_MS,
        timeSpan(15_000),
      ),
    },
    logLevels: file.texts('logging.logLevel'),
  };
}

/** Returns the typed value, or calls `refuse` with the words that complete "must be". */
type Check<T> = (value: unknown, refuse: (expected: string) => never) => T;

function createReader(hostJson: unknown, env: NodeJS.ProcessEnv) {
  const overrides = Object.entries(env).map(
    ([name, value]) => ({ path: name.split('__'), name: name.toLowerCase(), value }) as const,
  );
  const settingOf = (path: string) => `azurefunctionsjobhost__${path.replaceAll('.', '__').toLowerCase()}`;
  const inFile = (path: string) => path.split('.').reduce(member, hostJson);
  return {
    read<T>(path: string, fallback: T, check: Check<T>): T {
      const value = overrides.find(({ name }) => name === settingOf(path))?.value ?? inFile(path);
      if (value === undefined) return fallback;
      return check(value, (expected) => {
        throw new HostError('bad_host_json', `host.json: ${path} must be ${expected}, got ${JSON.stringify(value)}.`);
      });
    },
    /** All members of an object as texts. */
    texts(path: string): Record<string, string> {
      const file = Object.entries(inFile(path) ?? {}).map(([name, value]) => [name, String(value)] as const);
      const set = overrides
        .filter(({ name }) => name.startsWith(`${settingOf(path)}__`))
        .map((one) => [one.path.at(-1) ?? '', one.value ?? ''] as const);
      const overridden = new Set(set.map(([name]) => name.toLowerCase()));
      return Object.fromEntries([...file.filter(([name]) => !overridden.has(name.toLowerCase())), ...set]);
    },
  };
}

function member(section: unknown, name: string): unknown {
  if (typeof section !== 'object' || section === null) return undefined;
  return Object.entries(section).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

const anyText: Check<string> = (value, refuse) => (typeof value === 'string' ? value : refuse('a text'));

const oneOf =
  <T extends string>(...choices: T[]): Check<T> =>
  (value, refuse) =>
    choices.find((one) => one === String(value).toLowerCase()) ?? refuse(choices.join(' or '));

const integer =
  (low: number, high = Infinity): Check<number> =>
  (value, refuse) => {
    const number = typeof value === 'boolean' ? NaN : Number(value);
    if (Number.isInteger(number) && number >= low && number <= high) return number;
    return refuse(high === Infinity ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`);
  };

const timeSpan =
  (lowMs: number, highMs = Infinity): Check<number> =>
  (value, refuse) => {
    const milliseconds = typeof value === 'string' ? parseTimeSpan(value) : undefined;
    if (milliseconds === undefined) return refuse('a time span such as "00:00:30"');
    if (milliseconds >= lowMs && milliseconds <= highMs) return milliseconds;
    return refuse(highMs === Infinity ? `at least ${lowMs} ms` : `from ${lowMs} to ${highMs} ms`);
  };

const TIME_SPAN = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;

/** Milliseconds of a .NET TimeSpan text (`[d.]hh:mm[:ss[.fffffff]]`). Undefined for any other text. */
export function parseTimeSpan(text: string): number | undefined {
  const match = TIME_SPAN.exec(text);
  if (!match) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1000);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HostError('bad_host_json', `host.json is not JSON: ${messageOf(error)}`, { cause: error });
  }
}
