import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServices } from '../../shared/services';
import { QUEUE_NAMES } from '../../shared/storage/account';
import { startTlsService, type TlsService } from '../support/startTlsService';
import { UNREACHABLE_SETTINGS } from '../support/unreachableSettings';

/*
 * The real storage client and managed identity against services on loopback: a service of queues and blobs, and the token endpoint
 * of App Service (REST endpoint reference of managed identities).
 */

const IDENTITY = '11111111-0000-4000-8000-000000000001';
const asked: { path: string; authorization: string | undefined }[] = [];
const tokensFor: string[] = [];
let storageService: TlsService;
let identity: http.Server;
const before = { ...process.env };

beforeAll(async () => {
  storageService = await startTlsService((request, response) => {
    asked.push({ path: request.url?.replace(/\?.*/, '') ?? '', authorization: request.headers.authorization });
    const message =
      '<QueueMessagesList><QueueMessage><MessageId>m</MessageId><InsertionTime>Sun, 22 Nov 2026 00:00:00 GMT</InsertionTime><ExpirationTime>Sun, 22 Nov 2026 00:00:00 GMT</ExpirationTime><PopReceipt>p</PopReceipt><TimeNextVisible>Sun, 22 Nov 2026 00:00:00 GMT</TimeNextVisible></QueueMessage></QueueMessagesList>';
    const status = request.method === 'HEAD' ? 200 : 201;
    request.resume().on('end', () => response.writeHead(status, { 'content-type': 'application/xml' }).end(message));
  });
  identity = http.createServer((request, response) => {
    tokensFor.push(new URL(request.url ?? '', 'http://x').searchParams.get('client_id') ?? '');
    const token = { access_token: 'identity-token', expires_on: String(Math.floor(Date.now() / 1000) + 3600) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...token, resource: 'https://storage.azure.com', token_type: 'Bearer' }));
  });
  const port = await new Promise<number>((resolve) => {
    identity.listen(0, '127.0.0.1', () => resolve((identity.address() as AddressInfo).port));
  });
  Object.assign(process.env, { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/msi/token`, IDENTITY_HEADER: 'secret' });
});

afterAll(async () => {
  process.env = before;
  await storageService.close();
  identity.closeAllConnections();
  await new Promise((resolve) => identity.close(resolve));
});

it('job events go to the storage account of EVENTS_STORAGE, as the managed identity, and nothing else does', async () => {
  const services = createServices({
    ...UNREACHABLE_SETTINGS,
    AzureWebJobsStorage__clientId: IDENTITY,
    EVENTS_STORAGE__queueServiceUri: `https://events.queue.core.windows.net:${storageService.port}`,
  });
  await (await services.queue(QUEUE_NAMES.jobEvents)).send('{}');
  await (await services.queue(`${QUEUE_NAMES.jobEvents}-poison`)).send('{}');
  const authorization = 'Bearer identity-token';
  expect(asked).toEqual([
    { path: '/print-job-events/messages', authorization },
    { path: '/print-job-events-poison/messages', authorization },
  ]);
  expect(new Set(tokensFor)).toEqual(new Set([IDENTITY]));
  // Nothing listens at the account of the app.
  await expect((await services.queueContents(QUEUE_NAMES.jobs)).count()).rejects.toMatchObject({
    code: 'queueUnavailable',
    message: expect.stringContaining('http://127.0.0.1:1/a') as string,
  });
  expect(asked).toHaveLength(2);
}, 30_000);

it('rules and documents lie in the storage account of DATA_STORAGE, as the managed identity', async () => {
  asked.length = 0;
  const services = createServices({
    ...UNREACHABLE_SETTINGS,
    AzureWebJobsStorage__clientId: IDENTITY,
    DATA_STORAGE__blobServiceUri: `https://data.blob.core.windows.net:${storageService.port}`,
  });
  await (await services.configBlobs()).write('rules/default.json', '{}');
  const { documents } = await services.archive();
  await documents.find('t/p/1/d');
  expect(asked).toEqual([
    { path: '/config/rules/default.json', authorization: 'Bearer identity-token' },
    { path: '/documents/t/p/1/d', authorization: 'Bearer identity-token' },
  ]);
}, 30_000);
