import { HostError, isRecord, parseJson } from '../hostError';

/** The values of host.json that this host applies, times in milliseconds. */
export type HostConfig = ReturnType<typeof parseHostJson>;

const MINUTE_MS = 60_000;

/**
 * Parses host.json v2. App settings `AzureFunctionsJobHost__<path with __>` in `env` override its values, and names
 * match in any case (documentation page functions-host-json, "Override host.json values"). `cpuCount` multiplies the
 * default of newBatchThreshold. Throws HostError `bad_host_json` that names the key and its documented range.
 */
export function parseHostJson(text: string, env: NodeJS.ProcessEnv, cpuCount: number) {
  const json = parseJson('host.json', dropJsonExtras(text), 'bad_host_json');
  const hostJson = isRecord(json) ? json : {};
  for (const [name, value] of Object.entries(env)) {
    const [prefix = '', ...path] = name.split('__');
    if (prefix.toLowerCase() === 'azurefunctionsjobhost') override(hostJson, path, value);
  }
  if (member(hostJson, 'version') !== '2.0')
    throw new HostError('bad_host_json', 'host.json: "version" must be "2.0".');

  const find = (path: string) => path.split('.').reduce(member, hostJson as unknown);
  const read = <T>(path: string, fallback: T, { expected, parse }: Check<T>): T => {
    const value = find(path);
    const parsed = value === undefined ? fallback : parse(value);
    if (parsed !== undefined) return parsed;
    throw new HostError('bad_host_json', `host.json: ${path} must be ${expected}, got ${JSON.stringify(value)}.`);
  };
  const readTexts = (path: string): Record<string, string> =>
    Object.fromEntries(Object.entries(find(path) ?? {}).map(([name, value]) => [name, String(value)]));

  // Defaults and ranges: QueuesOptions of the Storage.Queues extension.
  const batchSize = read('extensions.queues.batchSize', 16, integer(1, 32));
  const defaultThreshold = Math.floor(batchSize / 2) * cpuCount;
  return {
    /** Undefined: no limit. The default is that of every plan but Consumption. */
    functionTimeoutMs:
      find('functionTimeout') === '-1' ? undefined : read('functionTimeout', 30 * MINUTE_MS, timeSpan(1)),
    queues: {
      batchSize,
      newBatchThreshold: read('extensions.queues.newBatchThreshold', defaultThreshold, integer(0)),
      maxDequeueCount: read('extensions.queues.maxDequeueCount', 5, integer(1)),
      visibilityTimeoutMs: read('extensions.queues.visibilityTimeout', 0, timeSpan(0)),
      maxPollingIntervalMs: read('extensions.queues.maxPollingInterval', MINUTE_MS, timeSpan(100)),
      messageEncoding: read('extensions.queues.messageEncoding', 'base64', encoding),
    },
    http: {
      routePrefix: read('extensions.http.routePrefix', 'api', anyText).replace(/^\/+|\/+$/g, ''),
      customHeaders: readTexts('extensions.http.customHeaders'),
    },
    singleton: {
      // Ranges: SingletonOptions of the WebJobs SDK. A blob lease lasts 15 to 60 seconds.
      lockPeriodMs: read('singleton.listenerLockPeriod', 15_000, timeSpan(15_000, MINUTE_MS)),
      recoveryIntervalMs: read('singleton.listenerLockRecoveryPollingInterval', MINUTE_MS, timeSpan(15_000)),
    },
    logLevels: readTexts('logging.logLevel'),
    /** Documentation page opentelemetry-howto. The default is ApplicationInsights. */
    isOpenTelemetry: read('telemetryMode', 'ApplicationInsights', anyText).toLowerCase() === 'opentelemetry',
  };
}

/** Sets the value at a path, whose names match existing ones in any case. */
function override(section: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  const key = keyOf(section, name) ?? name;
  if (rest.length === 0) section[key] = value;
  else {
    const child = section[key];
    override((section[key] = isRecord(child) ? child : {}), rest, value);
  }
}

function member(section: unknown, name: string): unknown {
  return isRecord(section) ? section[keyOf(section, name) ?? name] : undefined;
}

function keyOf(section: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return Object.keys(section).find((key) => key.toLowerCase() === name.toLowerCase());
}

interface Check<T> {
  /** Completes "must be". */
  readonly expected: string;
  /** The typed value. Undefined if the value is not as expected. */
  readonly parse: (value: unknown) => T | undefined;
}

const anyText: Check<string> = {
  expected: 'a text',
  parse: (value) => (typeof value === 'string' ? value : undefined),
};

const ENCODINGS = ['base64', 'none'] as const;
const encoding: Check<(typeof ENCODINGS)[number]> = {
  expected: 'base64 or none',
  parse: (value) => ENCODINGS.find((one) => one === String(value).toLowerCase()),
};

const integer = (low: number, high = Infinity): Check<number> => ({
  expected: high === Infinity ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`,
  parse(value) {
    const number = typeof value === 'boolean' ? NaN : Number(value);
    return Number.isInteger(number) && number >= low && number <= high ? number : undefined;
  },
});

const timeSpan = (lowMs: number, highMs = Infinity): Check<number> => ({
  expected: `a time span such as "00:00:30" from ${lowMs} ${highMs === Infinity ? 'ms' : `to ${highMs} ms`}`,
  parse(value) {
    const milliseconds = typeof value === 'string' ? parseTimeSpan(value) : undefined;
    return milliseconds !== undefined && milliseconds >= lowMs && milliseconds <= highMs ? milliseconds : undefined;
  },
});

const TIME_SPAN = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?$/;

/** Milliseconds of a .NET TimeSpan text (`[d.]hh:mm[:ss[.fffffff]]`, or whole days). Undefined for any other text. */
export function parseTimeSpan(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) * 24 * 60 * MINUTE_MS;
  const match = TIME_SPAN.exec(text);
  if (!match) return undefined;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = '0'] = match;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return whole * 1000 + Math.round(Number(`0.${fraction}`) * 1000);
}

/** JSON without what Newtonsoft.Json also accepts: comments, and commas after the last member. */
function dropJsonExtras(text: string): string {
  const withoutComments = text.replace(/("(?:\\.|[^"\\])*")|\/\/.*|\/\*[^]*?\*\//g, '$1');
  return withoutComments.replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, '$1');
}
