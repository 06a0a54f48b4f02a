import { HttpRequest, InvocationContext, type HttpHandler, type HttpResponseInit } from '@azure/functions';
import { randomBytes } from 'node:crypto';
import { createAdmitDevice } from '../../shared/deviceTokens/admitDevice';
import { createDeviceTokens } from '../../shared/deviceTokens/deviceTokens';
import { issueToken } from '../../shared/deviceTokens/issueToken';
import { createTokenSigner } from '../../shared/deviceTokens/tokenText';
import { ReceiverError } from '../../shared/errors';
import { createHeldJobs, OTHER_TENANT, READER_PRINTER, TENANT, USER } from '../support/createHeldJobs';
import { createMemoryTable } from '../support/memoryTable';
import { testKey } from '../support/testKey';

const mockHandlers = new Map<string, HttpHandler>();
jest.mock('@azure/functions', () => ({
  ...jest.requireActual<object>('@azure/functions'),
  app: { http: (name: string, { handler }: { handler: HttpHandler }) => void mockHandlers.set(name, handler) },
}));
const mockServices = { heldJobs: jest.fn(), admitDevice: jest.fn() };
jest.mock('../../shared/services', () => ({ getServices: () => mockServices }));

let world: ReturnType<typeof createHeldJobs>;
let key: string;
let token: string;
let revoke: () => Promise<unknown>;
let lines: Record<string, unknown>[];
beforeAll(async () => {
  await import('../../functions/operatorJobs');
  await import('../../functions/deviceJobs');
});
beforeEach(async () => {
  lines = [];
  world = createHeldJobs();
  key = await world.hold('t1');
  const tokens = createDeviceTokens(createMemoryTable());
  const signer = createTokenSigner([{ keyId: 'k1', key: testKey(1) }]);
  const deps = { tokens, signer, clock: world.clock, randomBytes };
  const wanted = { tenantId: TENANT, name: 'Reader 1', printers: [READER_PRINTER], days: 90 };
  const issued = await issueToken(deps, wanted);
  token = issued.text;
  revoke = () => tokens.revoke(TENANT, issued.token.tokenId);
  mockServices.heldJobs.mockResolvedValue(world.deps);
  mockServices.admitDevice.mockResolvedValue(createAdmitDevice(deps));
});

interface Sent {
  body?: object | string;
  params?: Record<string, string>;
  headers?: Record<string, string>;
}

async function call(name: string, { body, params = {}, headers = {} }: Sent = {}) {
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const request = new HttpRequest({
    method: text === undefined ? 'GET' : 'POST',
    url: 'http://localhost/api/jobs',
    params,
    headers,
    ...(text === undefined ? {} : { body: { string: text } }),
  });
  const context = new InvocationContext({
    functionName: name,
    logHandler: (_level, ...words) => void lines.push(JSON.parse(String(words[0])) as Record<string, unknown>),
  });
  const answer = (await mockHandlers.get(name)?.(request, context)) as HttpResponseInit;
  return { status: answer.status, body: answer.jsonBody as object, headers: answer.headers };
}

const asDevice = (headers: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...headers });
const wishBy = async () => {
  const { body } = await call('showHeldJob', { params: { tenantId: TENANT, key } });
  return (body as { wish?: { by: string } }).wish?.by;
};

describe('a route with a function key', () => {
  it('searches, shows, acts and releases', async () => {
    const found = await call('searchHeldJobs', { body: { tenant: TENANT, user: USER } });
    expect(found).toMatchObject({ status: 200, body: { jobs: [{ key }] }, headers: { 'Cache-Control': 'no-store' } });
    expect(await call('showHeldJob', { params: { tenantId: TENANT, key } })).toMatchObject({ status: 200 });
    const released = await call('releaseHeldJobs', { body: { tenant: TENANT, user: USER, printer: READER_PRINTER } });
    expect(released).toMatchObject({ status: 202, body: { jobs: [{ key, result: 'accepted' }] } });
    const params = { tenantId: TENANT, key, action: 'abort' };
    expect(await call('actOnHeldJob', { params, body: '' })).toMatchObject({ status: 409 });
    expect(await wishBy()).toBe('operator');
  });

  it.each([
    [{ 'x-ms-client-principal-name': 'backend@vendor.example' }, 'operator:backend@vendor.example'],
    [{ 'x-ms-client-principal-name': 'x'.repeat(129) }, 'operator'],
    [{}, 'operator'],
  ])('records the caller of %j as %s', async (headers, by) => {
    await call('actOnHeldJob', { params: { tenantId: TENANT, key, action: 'release' }, body: '', headers });
    expect(await wishBy()).toBe(by);
  });

  it('answers 404 for another action, and names the actions', async () => {
    const params = { tenantId: TENANT, key, action: 'print' };
    expect(await call('actOnHeldJob', { params, body: '{}' })).toMatchObject({
      status: 404,
      body: { error: { code: 'notFound', message: 'The actions are release, redirect, abort.' } },
    });
  });

  it.each([{ 'content-length': '65537' }, {}])(
    'answers 413 for a body above 64 KiB with the headers %j',
    async (headers) => {
      const params = { tenantId: TENANT, key, action: 'release' };
      const body = Object.keys(headers).length > 0 ? '{}' : ' '.repeat(65_537);
      expect(await call('actOnHeldJob', { params, body, headers })).toMatchObject({
        status: 413,
        body: { error: { code: 'tooLarge' } },
      });
    },
  );

  it('answers 411 to a body without a length, which the host does not pass on', async () => {
    const params = { tenantId: TENANT, key, action: 'release' };
    const headers = { 'transfer-encoding': 'chunked' };
    expect(await call('actOnHeldJob', { params, body: '', headers })).toMatchObject({
      status: 411,
      body: { error: { code: 'lengthRequired' } },
    });
    expect(await wishBy()).toBeUndefined();
  });

  it('answers 503 while storage fails, in words of its own', async () => {
    world.deps.ledger.get = () => Promise.reject(new ReceiverError('storageUnavailable', 'at http://secret'));
    const answer = await call('showHeldJob', { params: { tenantId: TENANT, key } });
    expect(answer).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable' } },
      headers: { 'Retry-After': '5' },
    });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(lines).toMatchObject([{ event: 'function.failed', code: 'storageUnavailable' }]);
  });
});

describe('a route with a device token', () => {
  const refused = {
    status: 401,
    body: { error: { code: 'unauthorized', message: 'A valid device token is needed.' } },
    headers: { 'WWW-Authenticate': 'Bearer' },
  };

  it('searches, shows, acts and releases in the tenant of the token', async () => {
    const foreign = await world.hold('t9', { tenantId: OTHER_TENANT });
    const headers = asDevice();
    const found = await call('searchHeldJobsOfDevice', { body: { user: USER }, headers });
    expect(found.body).toEqual({ jobs: [{ key, time: '2026-11-22T00:00:05Z', copies: 2, colorMode: 'color' }] });
    expect(await call('showHeldJobOfDevice', { params: { key }, headers })).toMatchObject({ status: 200 });
    expect(await call('showHeldJobOfDevice', { params: { key: foreign }, headers })).toMatchObject({ status: 404 });
    const body = { user: USER, printer: READER_PRINTER };
    expect(await call('releaseHeldJobsOfDevice', { body, headers })).toMatchObject({
      status: 202,
      body: { jobs: [{ key, result: 'accepted', wish: { action: 'redirect', printer: READER_PRINTER } }] },
    });
    const params = { key, action: 'redirect' };
    const answer = await call('actOnHeldJobOfDevice', { params, body: { printer: READER_PRINTER }, headers });
    expect(answer).toMatchObject({ status: 202 });
    expect(await wishBy()).toMatch(/^device:[0-9a-f]{16} Reader 1$/);
  });

  it('needs the user in a search', async () => {
    expect(await call('searchHeldJobsOfDevice', { body: {}, headers: asDevice() })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalidRequest', field: 'user' } },
    });
  });

  it('answers 401 in the same words without a token, with a wrong one and with a revoked one, before it reads the body', async () => {
    const wrong = { authorization: `Bearer ${token.slice(0, -1)}` };
    const basic = { authorization: `Basic ${token}` };
    for (const name of ['searchHeldJobsOfDevice', 'releaseHeldJobsOfDevice', 'actOnHeldJobOfDevice']) {
      expect(await call(name, { body: 'x'.repeat(70_000), headers: wrong })).toMatchObject(refused);
    }
    for (const headers of [{}, wrong, basic]) {
      expect(await call('showHeldJobOfDevice', { params: { key }, headers })).toMatchObject(refused);
    }
    await revoke();
    expect(await call('showHeldJobOfDevice', { params: { key }, headers: asDevice() })).toMatchObject(refused);
    expect(JSON.stringify(lines)).not.toContain(token.slice(-42));
  });

  it('counts refused attempts by the address that the front end appended', async () => {
    const attempt = (forwarded: string) =>
      call('showHeldJobOfDevice', { params: { key }, headers: { 'x-forwarded-for': forwarded } });
    for (const forwarded of [
      '198.51.100.1, 192.0.2.1:4711',
      '192.0.2.1',
      '198.51.100.2,[2001:db8::1]:80',
      '2001:db8::1',
    ])
      await attempt(forwarded);
    expect(lines.map(({ attempts }) => attempts)).toEqual([1, 2, 1, 2]);
  });

  it('answers 429 to refused attempts that are too many to be delayed', async () => {
    mockServices.admitDevice.mockResolvedValue(() => Promise.resolve({ outcome: 'tooMany' }));
    expect(await call('showHeldJobOfDevice', { params: { key } })).toMatchObject({
      status: 429,
      body: { error: { code: 'tooManyAttempts' } },
      headers: { 'Retry-After': '60' },
    });
  });

  it('answers 503 while the row of its token cannot be read', async () => {
    const unreadable = new ReceiverError('rowUnreadable', 'The row x');
    mockServices.admitDevice.mockResolvedValue(() => Promise.reject(unreadable));
    expect(await call('showHeldJobOfDevice', { params: { key }, headers: asDevice() })).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable' } },
    });
  });
});
