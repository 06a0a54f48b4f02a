import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { notMeasured } from '../../../shared/telemetry/catalogue';
import { systemClock } from '../../../shared/clock';
import type { Config } from '../../../shared/config';
import { errorFields, ReceiverError } from '../../../shared/errors';
import { openGraphService } from '../../../shared/graph/service';
import { createRequestToken } from '../../../shared/graph/tokens';
import { readCase } from '../../support/readCase';
import { startTlsService, type TlsService } from '../../support/startTlsService';

/*
 * The real @azure/identity against a sign-in host on loopback: its errors carry no status and differ from version to
 * version, so what the product reads out of them is checked on the real thing.
 */

const TENANT = '11111111-1111-1111-1111-111111111111';
type Answer = { status: number; body: unknown; retryAfter?: string };
let metadata: Answer | undefined;
let token: Answer;
let tokenRequests = 0;
let service: TlsService;
let authorityHost: string;

beforeAll(async () => {
  service = await startTlsService((request, response) => {
    const base = `${authorityHost}/${TENANT}`;
    const endpoints = {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      issuer: `${base}/v2.0`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    };
    if (request.method === 'POST') tokenRequests += 1;
    const answer = request.method === 'POST' ? token : (metadata ?? { status: 200, body: endpoints });
    request.resume().on('end', () => {
      const { retryAfter } = answer;
      const wait = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
      response.writeHead(answer.status, { 'content-type': 'application/json', ...wait });
      response.end(JSON.stringify(answer.body));
    });
  });
  authorityHost = `https://localhost:${service.port}`;
});

afterAll(() => service.close());

beforeEach(() => {
  metadata = undefined;
});

const config = (): Config => ({
  storage: { connectionString: 'unused' },
  eventsStorage: { connectionString: 'unused' },
  dataStorage: { connectionString: 'unused' },
  graphBaseUrl: 'https://graph.microsoft.com/v1.0',
  credential: 'secret',
  authorityHost,
  clientId: '99999999-9999-9999-9999-999999999999',
  clientSecret: 'a secret of this test',
  clientStateKeys: [{ keyId: 'k1', key: Buffer.alloc(32) }],
  trustedHosts: [],
  publicBaseUrl: 'https://receiver.example/api',
});

function ask(): Promise<string> {
  return createRequestToken(config(), systemClock)(TENANT, { fresh: false });
}

const errorOf = (error: string, error_description: string) => ({ error, error_description });

test('a token of the sign-in host is handed on', async () => {
  token = { status: 200, body: { token_type: 'Bearer', expires_in: 3599, access_token: 'the token' } };
  await expect(ask()).resolves.toBe('the token');
  // The first call loads the identity library.
}, 30_000);

test.each([
  [400, 'unauthorized_client', 'AADSTS700016: the app is not installed in the tenant'],
  [401, 'invalid_client', 'AADSTS7000215: invalid client secret'],
])('%i %s is a refusal', async (status, code, text) => {
  token = { status, body: errorOf(code, text) };
  await expect(ask()).rejects.toMatchObject({ code: 'tokenRefused', retryable: false });
});

const CASES = readCase<{ status: number; error: string; description: string }[]>('16-entra-codes.json');

test.each(CASES)('$description is in the message and the log with its ids', async ({ status, error, description }) => {
  const ids = { trace_id: 'trace-1', correlation_id: 'correlation-1' };
  token = { status, body: { ...errorOf(error, `${description}: words of Entra`), ...ids } };
  const refused = await ask().catch((thrown: unknown) => thrown);
  if (!(refused instanceof ReceiverError)) throw new Error('a ReceiverError was expected');
  expect(refused.code).toBe('tokenRefused');
  expect(refused.problem).toContain(`returned ${status} (${description}: `);
  expect(refused.problem).toContain('request id trace-1, correlation id correlation-1');
  expect(refused.message).not.toContain('words of Entra');
  expect(errorFields(refused)).toMatchObject({
    refusal: expect.any(String) as string,
    refusalCode: description,
    requestId: 'trace-1',
    correlationId: 'correlation-1',
  });
});

test('a tenant that Entra does not know is refused when its metadata is read', async () => {
  metadata = { status: 400, body: errorOf('invalid_tenant', 'AADSTS90002: tenant not found') };
  await expect(ask()).rejects.toMatchObject({ code: 'tokenRefused', retryable: false });
});

test('a process whose tenant is refused asks once for all the calls that come soon after', async () => {
  token = { status: 400, body: errorOf('unauthorized_client', 'AADSTS700016: the app is not installed') };
  tokenRequests = 0;
  const { callGraph } = openGraphService(config(), () => Promise.resolve(true), notMeasured);
  const call = { tenantId: TENANT, method: 'GET', path: '/print', permission: 'none' } as const;
  for (let message = 0; message < 5; message += 1) {
    await expect(callGraph(call)).rejects.toMatchObject({ code: 'tokenRefused', retryable: false });
  }
  expect(tokenRequests).toBe(1);
});

test.each(['0', '0.1'])(
  'a process that Entra throttles with a Retry-After of %s asks for a token ever less often',
  async (retryAfter) => {
    token = { status: 429, body: errorOf('temporarily_unavailable', 'AADSTS90055: too many requests'), retryAfter };
    tokenRequests = 0;
    const { callGraph } = openGraphService(config(), () => Promise.resolve(true), notMeasured);
    const call = { tenantId: TENANT, method: 'GET', path: '/print', permission: 'none' } as const;
    await expect(callGraph(call)).rejects.toMatchObject({ code: 'tokenUnavailable', retryable: true });
    // The credential tries up to four times.
    const first = tokenRequests;
    expect(first).toBeLessThanOrEqual(4);
    for (let message = 0; message < 100; message += 1) {
      const error: unknown = await callGraph(call).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'tokenUnavailable', retryable: true });
      expect(error).toHaveProperty('retryAfterMs', expect.any(Number));
    }
    expect(tokenRequests).toBe(first);
  },
);

test('a managed identity that App Service does not know is named, and not Entra', async () => {
  // learn.microsoft.com/azure/app-service/overview-managed-identity: the REST endpoint of the identities of an app.
  const identities = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(400, { 'content-type': 'application/json' }).end('{}'));
  });
  const port = await new Promise<number>((resolve) => {
    identities.listen(0, '127.0.0.1', () => resolve((identities.address() as AddressInfo).port));
  });
  const before = { ...process.env };
  Object.assign(process.env, { IDENTITY_ENDPOINT: `http://127.0.0.1:${port}/token`, IDENTITY_HEADER: 'header' });
  const managedIdentityClientId = '88888888-8888-8888-8888-888888888888';
  try {
    const request = createRequestToken({ ...config(), credential: 'federated', managedIdentityClientId }, systemClock);
    await expect(request(TENANT, { fresh: false })).rejects.toMatchObject({
      code: 'tokenUnavailable',
      retryable: true,
      message: expect.stringMatching(
        /^No token for tenant \S+: the managed identity of MANAGED_IDENTITY_CLIENT_ID/,
      ) as string,
    });
  } finally {
    process.env = before;
    identities.closeAllConnections();
    await new Promise((resolve) => identities.close(resolve));
  }
});
