import { readConfig } from '../../../shared/config';
import { describeSink } from '../../../shared/settings/eventSink';
import { sinkTrigger } from '../../../shared/settings/sinkTrigger';
import { TEST_KEYS_SETTING } from '../../support/notifications';
import { testKey } from '../../support/testKey';

const IDENTITY = '33333333-3333-3333-3333-333333333333';
/** In Azure as far as the addresses say. */
const BASE = {
  AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
  AzureWebJobsStorage__queueServiceUri: 'https://account.queue.core.windows.net',
  AzureWebJobsStorage__tableServiceUri: 'https://account.table.core.windows.net',
  AzureWebJobsStorage__clientId: IDENTITY,
  ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
  MANAGED_IDENTITY_CLIENT_ID: IDENTITY,
  CLIENT_STATE_KEYS: TEST_KEYS_SETTING,
  PUBLIC_BASE_URL: 'https://app.example.com/api',
};
const LOCAL = { ...BASE, GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0' };
const secretOf = (key: Buffer) => `whsec_${key.toString('base64')}`;
const SECRET = secretOf(testKey(1));
const webhook = (EVENTS_SINK_WEBHOOK_URL: string, EVENTS_SINK_WEBHOOK_SECRETS = SECRET) => ({
  EVENTS_SINK_WEBHOOK_URL,
  EVENTS_SINK_WEBHOOK_SECRETS,
});
const topic = (EVENTS_SINK_EVENT_GRID_ENDPOINT: string) => ({ EVENTS_SINK_EVENT_GRID_ENDPOINT });
const TOPIC = 'https://topic.westeurope-1.eventgrid.azure.net/api/events';

function problems(settings: object): string {
  try {
    readConfig({ ...BASE, ...settings });
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the sink of the events', () => {
  it('is none without settings, and no function is registered', () => {
    expect(readConfig(BASE).eventSink).toBeUndefined();
    expect(sinkTrigger({ ...BASE, ...webhook(' '), ...topic('') })).toBeUndefined();
  });

  it('is a webhook with its query, and with the secrets of a rotation', () => {
    const settings = webhook('https://events.example/print/?code=a%20b', `${SECRET}, ${secretOf(testKey(2))}`);
    const { eventSink } = readConfig({ ...BASE, ...settings });
    expect(eventSink).toEqual({
      kind: 'webhook',
      url: 'https://events.example/print/?code=a%20b',
      secrets: [testKey(1), testKey(2)],
      allowLoopback: false,
    });
    expect(eventSink && describeSink(eventSink)).toEqual({ kind: 'webhook', host: 'events.example' });
    expect(sinkTrigger({ ...BASE, ...settings })).toEqual({ connection: 'AzureWebJobsStorage' });
  });

  it('is an Event Grid topic, opened by the identity of storage', () => {
    const { eventSink } = readConfig({ ...BASE, ...topic(`${TOPIC}/`) });
    expect(eventSink).toEqual({ kind: 'eventGrid', endpoint: TOPIC, managedIdentityClientId: IDENTITY });
    expect(eventSink && describeSink(eventSink)).toMatchObject({ host: 'topic.westeurope-1.eventgrid.azure.net' });
  });

  it('has its trigger in the account of the events', () => {
    const EVENTS_STORAGE__queueServiceUri = 'https://events.queue.core.windows.net';
    const settings = { ...BASE, ...topic(TOPIC), EVENTS_STORAGE__queueServiceUri };
    expect(sinkTrigger(settings)).toEqual({ connection: 'EVENTS_STORAGE' });
    expect(readConfig(settings)).toMatchObject({ eventsStorage: { queueServiceUri: EVENTS_STORAGE__queueServiceUri } });
  });

  it('may be on loopback where Graph is', () => {
    for (const url of ['http://127.0.0.1:9000/events', 'https://localhost/', 'http://[::1]:9000/']) {
      expect(readConfig({ ...LOCAL, ...webhook(url) }).eventSink).toMatchObject({ url, allowLoopback: true });
      expect(problems(webhook(url))).toContain(
        'EVENTS_SINK_WEBHOOK_URL is on loopback, which works only while GRAPH_BASE_URL is on loopback',
      );
      const inAzure = { ...LOCAL, ...webhook(url), WEBSITE_POD_NAME: 'x' };
      expect(problems(inAzure)).toContain('EVENTS_SINK_WEBHOOK_URL is on loopback, where Azure has no service');
    }
  });

  it.each([
    ['http://events.example/', 'EVENTS_SINK_WEBHOOK_URL is not an https URL'],
    ['events.example', 'EVENTS_SINK_WEBHOOK_URL is not an https URL'],
    ['ftp://events.example/', 'EVENTS_SINK_WEBHOOK_URL is not an https URL'],
    ['https://user:word@events.example/', 'EVENTS_SINK_WEBHOOK_URL has a user name'],
    ['https://events.example/#part', 'EVENTS_SINK_WEBHOOK_URL has a fragment'],
    ['https://10.0.0.4/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    ['https://169.254.169.254/metadata', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    ['https://[fd00::1]/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    // A URL names an address in many notations.
    ['https://0x0a000001/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    ['https://167772161/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    ['https://[::ffff:127.0.0.1]/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
    ['https://0.0.0.0/', 'EVENTS_SINK_WEBHOOK_URL is not a public address'],
  ])('is refused as a webhook at %s', (url, words) => {
    expect(problems(webhook(url))).toContain(words);
    expect(problems(webhook(url))).not.toContain('word@');
  });

  it.each([
    ['http://topic.westeurope-1.eventgrid.azure.net/api/events', 'is not the endpoint of an Event Grid topic'],
    [`${TOPIC}?api-version=2018-01-01`, 'is not the endpoint of an Event Grid topic'],
    ['https://topic.westeurope-1.eventgrid.azure.net', 'does not end with /api/events'],
    ['https://topic.westeurope-1.ts.eventgrid.azure.net/topics/t:publish', 'does not end with /api/events'],
    ['https://eventgrid.azure.net.evil.example/api/events', 'is not https://*.eventgrid.azure.net'],
    // The cloud of Graph says which cloud the topic is in.
    ['https://topic.usgovvirginia-1.eventgrid.azure.us/api/events', 'is not https://*.eventgrid.azure.net'],
  ])('is refused as a topic at %s', (endpoint, words) => {
    expect(problems(topic(endpoint))).toContain(`EVENTS_SINK_EVENT_GRID_ENDPOINT ${words}`);
  });

  it('is one of the two', () => {
    expect(problems({ ...webhook('https://events.example/'), ...topic(TOPIC) })).toContain(
      'EVENTS_SINK_EVENT_GRID_ENDPOINT and EVENTS_SINK_WEBHOOK_URL are both set: remove one of them',
    );
  });

  // Standard Webhooks: 24 to 64 bytes, base64, with the prefix whsec_.
  it.each([
    ['', 'is missing (EVENTS_SINK_WEBHOOK_URL is set)'],
    [testKey(1).toString('base64'), 'is not whsec_ and 24 to 64 random bytes in base64'],
    [secretOf(testKey(1).subarray(0, 23)), 'in entry 1'],
    [secretOf(Buffer.concat([testKey(1), testKey(2), testKey(3)])), 'in entry 1'],
    [`${SECRET},whsec_x y`, 'in entry 2'],
    [secretOf(Buffer.alloc(32)), 'has a guessable secret in entry 1'],
    [`${SECRET},${SECRET}`, 'has the same secret twice: remove entry 2'],
    [[1, 2, 3].map((n) => secretOf(testKey(n))).join(), 'has more than 2 secrets'],
  ])('refuses the secrets %s without a part of them', (secrets, words) => {
    const said = problems(webhook('https://events.example/', secrets));
    expect(said).toContain(`EVENTS_SINK_WEBHOOK_SECRETS`);
    expect(said).toContain(words);
    expect(said).not.toContain(SECRET.slice(6));
  });
});
