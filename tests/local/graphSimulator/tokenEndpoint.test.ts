import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { createSigningKeys, makeValidationTokens } from '../../../local/graphSimulator/signIn/keys';
import { useAuthority } from './askAuthority';
import { tenantA, tenantB } from './harness';

const clientId = '5d5d5d5d-0000-4000-8000-000000000005';
const { harness, ask } = useAuthority();
beforeEach(async () => {
  await harness().control.createTenant({ tenantId: tenantA, roles: ['Printer.Read.All'] });
});

const tokenPath = `/${tenantA}/oauth2/v2.0/token`;
const rightForm = {
  grant_type: 'client_credentials',
  client_id: clientId,
  client_secret: 'the right secret',
  scope: 'https://graph.microsoft.com/.default',
};

describe('the token endpoint (identity-platform v2-oauth2-client-creds-grant-flow)', () => {
  it('gives a signed app token of the tenant for 3599 s', async () => {
    const { status, body } = await ask('POST', tokenPath, rightForm);
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599 });
    const claims = decodeJwt(String(body['access_token']));
    expect(claims).toMatchObject({
      aud: 'https://graph.microsoft.com',
      tid: tenantA,
      appid: clientId,
      roles: ['Printer.Read.All'],
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(3599);
    const token = String(body['access_token']);
    expect((await harness().graph('GET', '/subscriptions', undefined, { token })).status).toBe(200);
    expect((await harness().graph('GET', '/print/taskDefinitions', undefined, { token })).status).toBe(403);
  });

  it.each([
    ['an unknown tenant', `/${tenantB}/oauth2/v2.0/token`, {}, 400, 'invalid_request', 90002],
    ['no secret', tokenPath, { client_secret: '' }, 401, 'invalid_client', 7000215],
    ['no client id', tokenPath, { client_id: '' }, 400, 'invalid_request', 900144],
    ['a scope that is not .default', tokenPath, { scope: 'openid' }, 400, 'invalid_scope', 1002012],
    ['another grant', tokenPath, { grant_type: 'password' }, 400, 'unsupported_grant_type', 70003],
  ])('refuses %s with the documented shape', async (_name, where, change, status, error, code) => {
    const answer = await ask('POST', where, { ...rightForm, ...change });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({
      error,
      error_codes: [code],
      error_description: expect.stringMatching(`^AADSTS${String(code)}: `) as unknown,
      trace_id: expect.any(String) as unknown,
      correlation_id: expect.any(String) as unknown,
    });
  });

  it('accepts a client assertion instead of a secret (certificate and federated credentials)', async () => {
    const { client_secret: _secret, ...form } = rightForm;
    expect((await ask('POST', tokenPath, { ...form, client_assertion: 'assertion' })).status).toBe(200);
  });

  it('has faults of its own and is reported apart from Graph calls', async () => {
    await harness().control.addFault({
      target: 'token',
      action: { type: 'status', status: 429, retryAfterSeconds: 1 },
    });
    expect((await ask('POST', tokenPath, rightForm)).status).toBe(429);
    await harness().control.addFault({ target: 'token', action: { type: 'reset' } });
    await expect(ask('POST', tokenPath, rightForm)).rejects.toThrow();
    await harness().control.addFault({ target: 'token', action: { type: 'delay', ms: 5 } });
    expect((await ask('POST', tokenPath, rightForm)).status).toBe(200);
    expect(await harness().control.calls()).toEqual([]);
    const calls = await harness().control.calls({ target: 'token' });
    expect(calls.map(({ status, route }) => [status, route])).toEqual([
      [429, '/{tenant}/oauth2/v2.0/token'],
      [0, '/{tenant}/oauth2/v2.0/token'],
      [200, '/{tenant}/oauth2/v2.0/token'],
    ]);
  });

  it('gives its token to the real ClientSecretCredential of @azure/identity', async () => {
    const program = `
      const { ClientSecretCredential } = require('@azure/identity');
      const [tenant, client, authorityHost] = process.argv.slice(1);
      const credential = new ClientSecretCredential(tenant, client, 'the right secret', {
        authorityHost, disableInstanceDiscovery: true,
      });
      credential.getToken('https://graph.microsoft.com/.default').then(({ token }) => process.stdout.write(token));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['-e', program, tenantA, clientId, harness().simulator.authorityUrl],
      {
        cwd: path.resolve(__dirname, '../../..'),
        env: { ...process.env, NODE_EXTRA_CA_CERTS: harness().simulator.caFile },
      },
    );
    expect(decodeJwt(stdout)).toMatchObject({ tid: tenantA, appid: clientId });
    expect((await harness().graph('GET', '/subscriptions', undefined, { token: stdout })).status).toBe(200);
  }, 30_000);
});

describe('metadata and keys (concepts/change-notifications-with-resource-data.md)', () => {
  it.each(['/common', `/${tenantA}`])('answer under %s', async (prefix) => {
    const { status, body } = await ask('GET', `${prefix}/v2.0/.well-known/openid-configuration`);
    expect(status).toBe(200);
    expect(body['jwks_uri']).toBe(`${harness().simulator.authorityUrl}${prefix}/discovery/v2.0/keys`);
    for (const version of ['', '/v2.0'])
      expect((await ask('GET', `${prefix}/discovery${version}/keys`)).body['keys']).toHaveLength(1);
    expect((await ask('GET', `${prefix}/other`)).status).toBe(404);
  });

  it('verify the validation tokens of a delivery in both forms', async () => {
    const { keys: published } = (await ask('GET', '/common/discovery/v2.0/keys')).body as unknown as JSONWebKeySet;
    const keys = createLocalJWKSet({ keys: published });
    const [tenantId, appId] = [tenantA, harness().simulator.appId];
    const own = await createSigningKeys();
    for (const form of ['v1', 'v2'] as const) {
      const [token = ''] = (await makeValidationTokens(own, form, Date.now(), [{ tenantId, appId }])) ?? [];
      const { payload } = await jwtVerify(token, createLocalJWKSet(own.jwks), { audience: appId });
      expect(payload['tid']).toBe(tenantA);
      await expect(jwtVerify(token, keys)).rejects.toThrow();
    }
  });
});
