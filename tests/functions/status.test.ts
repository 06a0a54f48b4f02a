import { HttpRequest, InvocationContext, type HttpHandler } from '@azure/functions';
import { version } from '../../shared/version';
import { readServiceStatus, type StatusServices } from '../../shared/status/serviceStatus';
import { ReceiverError } from '../../shared/errors';

let mockServices: Partial<StatusServices> = {};
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));
const mockHandlers = new Map<string, HttpHandler>();
jest.mock('@azure/functions', () => {
  const http = (name: string, { handler }: { handler: HttpHandler }) => void mockHandlers.set(name, handler);
  return { ...jest.requireActual<object>('@azure/functions'), app: { http } };
});

const get = async (name: string) => {
  await import('../../functions/status');
  await import('../../functions/health');
  const request = new HttpRequest({ method: 'GET', url: `http://localhost/api/${name}` });
  return mockHandlers.get(name)?.(request, new InvocationContext({ logHandler: () => undefined }));
};

const invalid = new ReceiverError('configInvalid', '1 setting to correct', { details: ['PUBLIC_BASE_URL is missing'] });
/** Settings that are wrong, and empty queues. */
const held: Partial<StatusServices> = {
  config: () => Promise.reject(invalid),
  queueContents: () =>
    Promise.resolve({
      count: () => Promise.resolve(0),
      now: () => Promise.resolve(0),
      peek: () => Promise.resolve([]),
      take: () => Promise.resolve([]),
      show: () => Promise.resolve(false),
      keep: () => Promise.resolve(undefined),
      remove: () => Promise.resolve(false),
    }),
};

it('GET /api/status answers with the status of the service and the version of the app, not to be cached', async () => {
  mockServices = held;
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const read = await readServiceStatus(held as StatusServices, { version, now: 0, logger });
  expect(await get('status')).toEqual({
    status: 200,
    headers: { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
    jsonBody: read,
  });
  expect(read).toMatchObject({ state: 'ATTENTION', version, settings: ['PUBLIC_BASE_URL is missing'] });
});

it('GET /api/status is 503 when storage does not answer', async () => {
  mockServices = { ...held, queueContents: () => Promise.reject(new ReceiverError('queueUnavailable', 'No answer')) };
  expect(await get('status')).toMatchObject({
    status: 503,
    headers: { 'Retry-After': '5' },
    jsonBody: { error: { code: 'unavailable' } },
  });
});

it('GET /api/health answers without services and without details', async () => {
  mockServices = {};
  expect(await get('health')).toEqual({
    status: 200,
    headers: { 'Cache-Control': 'no-store' },
    jsonBody: { status: 'ok' },
  });
});
