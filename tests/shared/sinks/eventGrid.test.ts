import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEventGridSink } from '../../../shared/sinks/eventGrid';
import { createServices } from '../../../shared/services';
import { startTlsService, type TlsService } from '../../support/startTlsService';
import { UNREACHABLE_SETTINGS } from '../../support/unreachableSettings';

/*
 * A stand-in for the endpoint of a custom topic, which refuses what the documentation does not allow
 * (event-grid/post-to-custom-topic, event-grid/authenticate-with-microsoft-entra-id, event-grid/cloud-event-schema), and the
 * token endpoint of App Service (REST endpoint reference of managed identities). The credential is the real one.
 */

const IDENTITY = '11111111-0000-4000-8000-000000000001';
const TEXT = JSON.stringify({ specversion: '1.0', id: 'i', source: '/tenants/t', type: 'print.job.started', data: {} });
const EVENT = { id: 'i', text: TEXT };
const tokensFor: unknown[] = [];
const published: string[] = [];
let answer: { status: number; headers?: Record<string, string> };
let topic: TlsService;
let identity: http.Server;
const before = { ...process.env };

/** The documented answers: 200, 400 for another form, 401 without a token for Event Grid, 404 for another path. */
function judge(request: http.IncomingMessage, body: string): number {
  const { pathname, searchParams } = new URL(request.url ?? '', 'https://x');
  if (request.method !== 'POST' || pathname !== '/api/events') return 404;
  if (request.headers.authorization !== 'Bearer token-for-https://eventgrid.azure.net') return 401;
  if (searchParams.get('api-version') !== '2018-01-01') return 400;
  if (!/^application\/cloudevents\+json(; charset=utf-8)?$/.test(request.headers['content-type'] ?? '')) return 400;
  const event = JSON.parse(body) as Record<string, unknown>;
  const required = ['id', 'source', 'specversion', 'type'].every((name) => typeof event[name] === 'string');
  // CloudEvents 1.0, 3.1: names of attributes are lower-case letters and digits.
  return required && Object.keys(event).every((name) => /^[a-z0-9]+$/.test(name)) ? 200 : 400;
}

beforeAll(async () => {
  topic = await startTlsService((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const status = judge(request, body);
      if (status === 200 && answer.status === 200) published.push(body);
      response.writeHead(status === 200 ? answer.status : status, answer.headers).end();
    });
  });
  identity = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://x');
    const resource = searchParams.get('resource') ?? '';
    tokensFor.push({ resource, identity: searchParams.get('client_id') });
    const expires_on = String(Math.floor(Date.now() / 1000) + 3600);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: `token-for-${resource}`, expires_on, resource, token_type: 'Bearer' }));
  });
  const port = await new Promise<number>((resolve) => {
    identity.listen(0, '127.0.0.1', () => resolve((identity.address() as AddressInfo).port));
  });
  Object.assign(process.env, { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'secret' });
});
beforeEach(() => {
  answer = { status: 200 };
});
afterAll(async () => {
  process.env = before;
  await topic.close();
  identity.closeAllConnections();
  await new Promise((resolve) => identity.close(resolve));
});

const openSender = async () => {
  const services = createServices({
    ...UNREACHABLE_SETTINGS,
    GRAPH_CREDENTIAL: 'secret',
    ENTRA_CLIENT_SECRET: 'secret',
    GRAPH_BASE_URL: 'https://graph.microsoft.com/v1.0',
    AzureWebJobsStorage__clientId: IDENTITY,
    EVENTS_SINK_EVENT_GRID_ENDPOINT: `https://topic.westeurope-1.eventgrid.azure.net:${topic.port}/api/events`,
  });
  return (await services.eventDelivery()).sender;
};

it('publishes each event in the documented form, as the managed identity, with one token', async () => {
  const sender = await openSender();
  expect([await sender(EVENT), await sender(EVENT)]).toEqual(Array(2).fill({ outcome: 'accepted', status: 200 }));
  expect(published).toEqual([TEXT, TEXT]);
  expect(tokensFor).toEqual([{ resource: 'https://eventgrid.azure.net', identity: IDENTITY }]);
}, 30_000);

it('a topic that throttles is not called before its Retry-After', async () => {
  const sender = await openSender();
  answer = { status: 503, headers: { 'retry-after': '60' } };
  expect(await sender(EVENT)).toEqual({ outcome: 'failed', reason: 'status 503', waitMs: 60_000 });
  expect(await sender(EVENT)).toMatchObject({ outcome: 'paused' });
}, 30_000);

it('without a token nothing is sent, and the next event asks for one again', async () => {
  const posted: string[] = [];
  let tokens = 0;
  const sink = createEventGridSink(
    { endpoint: 'https://topic.example/api/events' },
    {
      post: ({ headers }) => {
        posted.push(headers['authorization'] ?? '');
        return Promise.resolve({ status: 200, headers: {} });
      },
      openCredential: () =>
        Promise.resolve({
          getToken: () => (++tokens === 1 ? Promise.reject(new Error('secret')) : Promise.resolve({ token: 'a' })),
        }),
    },
  );
  expect(await sink(EVENT)).toEqual({ noAnswer: 'noToken' });
  expect(posted).toEqual([]);
  expect(await sink(EVENT)).toMatchObject({ status: 200 });
  expect(posted).toEqual(['Bearer a']);
});
