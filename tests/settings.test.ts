import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOST_SETTING_NAMES, readConfig, SETTING_NAMES } from '../shared/config';
import { isRecord } from '../shared/parse';
import { MAX_DEQUEUE_COUNT } from '../shared/storage/account';
import { MAX_BODY_BYTES } from '../shared/webhook/receive';
import { createLogFilter } from '../local/functionsHost/reporter';
import { MOST_OF_A_SLOW_TENANT, MOST_OF_A_TENANT_IN_HOST, PLACES } from '../shared/fairness/limits';
import { defaultAppId } from '../local/graphSimulator/startGraphSimulator';
import { DEFAULT_PORTS } from '../local/startLocalCloud';
import { testKey } from './support/testKey';

const ALL_NAMES = [...SETTING_NAMES, ...HOST_SETTING_NAMES].sort();

const root = join(__dirname, '..');
const readText = (file: string) => readFileSync(join(root, file), 'utf8');

/** The object at `path` in a parsed JSON file. */
function section(file: string, ...path: string[]): Record<string, unknown> {
  let value: unknown = JSON.parse(readText(file));
  for (const name of path) value = isRecord(value) ? value[name] : undefined;
  if (!isRecord(value)) throw new Error(`${file} has no object at ${path.join('.')}`);
  return value;
}

/** The example as the host sees it, with a signing key as the start of the local cloud adds one. */
function exampleWithKey(): Record<string, string> {
  const texts = Object.entries(section('local.settings.example.json', 'Values')).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return { ...Object.fromEntries(texts), CLIENT_STATE_KEYS: `local1:${testKey(1).toString('base64')}` };
}

describe('the settings', () => {
  it('are the same in the example and in the code', () => {
    expect(Object.keys(section('local.settings.example.json', 'Values')).sort()).toEqual(ALL_NAMES);
  });

  it('are the same in the table of docs/settings.md and in the code', () => {
    const firstCells = [...readText('docs/settings.md').matchAll(/^\|([^|]*)\|/gm)].map((row) => row[1] ?? '');
    const names = firstCells.flatMap((cell) => [...cell.matchAll(/`([A-Za-z_]+)`/g)].map((name) => name[1]));
    expect(names.sort()).toEqual(ALL_NAMES);
  });

  it('of the example are accepted with a signing key', () => {
    expect(readConfig(exampleWithKey())).toMatchObject({ credential: 'development' });
  });

  it('of the example let the host pass on bodies up to twice the limit of the webhook, which then notes them', () => {
    expect(exampleWithKey()['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT']).toBe(String(2 * MAX_BODY_BYTES));
  });

  it('of the example have no signing key, and the error names it', () => {
    const values = { ...exampleWithKey(), CLIENT_STATE_KEYS: '' };
    expect(() => readConfig(values)).toThrow(/^1 setting to correct: CLIENT_STATE_KEYS is missing/);
  });

  it('of the example name the app that the simulator knows', () => {
    expect(readConfig(exampleWithKey()).clientId).toBe(defaultAppId);
  });

  it('of the example use the ports of the local cloud', () => {
    const { graph, token, host } = DEFAULT_PORTS;
    expect(readConfig(exampleWithKey())).toMatchObject({
      graphBaseUrl: `http://127.0.0.1:${graph}/v1.0`,
      authorityHost: `https://localhost:${token}`,
      publicBaseUrl: `http://127.0.0.1:${host}/api`,
      storage: { connectionString: expect.stringMatching(/127.0.0.1:10001.*127.0.0.1:10002/) as string },
    });
    expect(DEFAULT_PORTS).toMatchObject({ blob: 10_000, queue: 10_001, table: 10_002 });
  });
});

describe('host.json', () => {
  it('has the queue values of the contract', () => {
    expect(section('host.json', 'extensions', 'queues')).toEqual({
      batchSize: 16,
      newBatchThreshold: 8,
      maxDequeueCount: 5,
      visibilityTimeout: '00:00:30',
      maxPollingInterval: '00:00:02',
      messageEncoding: 'base64',
    });
  });

  it('has the same number of tries per message as the code', () => {
    expect(section('host.json', 'extensions', 'queues')['maxDequeueCount']).toBe(MAX_DEQUEUE_COUNT);
  });

  it('runs as many messages at a time as the code has places', () => {
    const { batchSize, newBatchThreshold } = section('host.json', 'extensions', 'queues');
    expect(Number(batchSize) + Number(newBatchThreshold)).toBe(PLACES);
  });

  it('lets the host fetch messages while one tenant uses all that it may have, and two invocations work on what waits', () => {
    const threshold = Number(section('host.json', 'extensions', 'queues')['newBatchThreshold']);
    expect(MOST_OF_A_TENANT_IN_HOST + 2).toBeLessThanOrEqual(threshold);
  });

  it('lets the host fetch messages while two slow tenants use all that they may have', () => {
    // The host fetches while it processes at most newBatchThreshold messages (QueueListener.cs of the extension).
    const { newBatchThreshold } = section('host.json', 'extensions', 'queues');
    expect(Number(newBatchThreshold)).toBeGreaterThanOrEqual(2 * MOST_OF_A_SLOW_TENANT);
  });

  it('has no default log level: it would replace the filter of the host, and open the logs of its SDKs', () => {
    // Observed on the real host: 2.7 lines a second and instance while idle. The lines of the functions come anyway.
    const levels = section('host.json', 'logging', 'logLevel');
    expect(Object.keys(levels).map((name) => name.toLowerCase())).not.toContain('default');
    const allows = createLogFilter(
      Object.fromEntries(Object.entries(levels).map(([name, level]) => [name, String(level)])),
    );
    expect(allows('information', 'Function.processNotification.User')).toBe(true);
    expect(allows('information', 'Azure.Core')).toBe(false);
  });

  it('has the host export its requests and logs by OpenTelemetry, where sampling settings do not apply', () => {
    // Documentation page opentelemetry-howto. Logs that are sampled would be lost lines, which no setting says any more.
    expect(section('host.json')['telemetryMode']).toBe('OpenTelemetry');
    expect(section('host.json', 'logging')).not.toHaveProperty('applicationInsights');
  });

  it('uses extension bundle 4', () => {
    expect(section('host.json', 'extensionBundle')).toEqual({
      id: 'Microsoft.Azure.Functions.ExtensionBundle',
      version: '[4.*, 5.0.0)',
    });
  });

  it('has the route prefix that PUBLIC_BASE_URL ends with', () => {
    const { routePrefix } = section('host.json', 'extensions', 'http');
    expect(readConfig(exampleWithKey()).publicBaseUrl.endsWith(`/${String(routePrefix)}`)).toBe(true);
  });
});
