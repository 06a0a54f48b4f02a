import { generateKeyPair, SignJWT } from 'jose';
import { startHarness, tenantA, tenantB } from './harness';
import type { Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.close());
beforeEach(async () => {
  await harness.control.reset();
  harness.clock.aheadMs = 0;
  await harness.control.createTenant({ tenantId: tenantA });
});

describe('the bearer token (concepts/auth/auth-concepts.md, concepts/errors.md)', () => {
  it.each([
    ['no token', { headers: { authorization: '' } }],
    ['a development token of an unknown tenant', { token: `development.${tenantB}` }],
    ['something that is no token', { token: 'nonsense' }],
  ])('refuses %s with 401, WWW-Authenticate and the error shape of Graph', async (_name, options) => {
    const answer = await harness.graph('GET', '/subscriptions', undefined, options);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(answer.body['error']).toEqual({
      code: 'InvalidAuthenticationToken',
      message: expect.any(String) as unknown,
      innerError: {
        date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/) as unknown,
        'request-id': answer.headers.get('request-id'),
        'client-request-id': expect.any(String) as unknown,
      },
    });
  });

  it('returns the client-request-id in an error', async () => {
    const answer = await harness.graph('GET', '/subscriptions/none', undefined, {
      headers: { 'client-request-id': 'mine' },
    });
    expect(answer.body).toMatchObject({ error: { innerError: { 'client-request-id': 'mine' } } });
  });

  it('takes a development token as the default app with the roles of the tenant', async () => {
    expect((await harness.graph('GET', '/print/taskDefinitions')).status).toBe(200);
    await harness.control.changeTenant(tenantA, { roles: [] });
    expect((await harness.graph('GET', '/print/taskDefinitions')).status).toBe(403);
  });

  it('takes a signed token until it expires by Date', async () => {
    const token = await harness.control.mintUserToken({ tenantId: tenantA });
    expect((await harness.graph('GET', '/subscriptions', undefined, { token })).status).toBe(200);
    harness.clock.aheadMs = 3_600_000;
    expect((await harness.graph('GET', '/subscriptions', undefined, { token })).status).toBe(401);
  });

  it('refuses a signed token of a tenant that is not registered, and a foreign signature', async () => {
    const foreignTenant = await harness.control.mintUserToken({ tenantId: tenantB });
    const { privateKey } = await generateKeyPair('RS256');
    const claims = { tid: tenantA, appid: 'app', exp: Math.floor(Date.now() / 1000) + 600 };
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(privateKey);
    for (const token of [foreignTenant, forged])
      expect((await harness.graph('GET', '/subscriptions', undefined, { token })).status).toBe(401);
  });

  it('answers both versions alike and an unknown path with an error', async () => {
    expect((await harness.graph('GET', '/subscriptions', undefined, { version: 'beta' })).status).toBe(200);
    expect((await harness.graph('GET', '/me')).status).toBe(400);
    expect((await harness.graph('GET', '/subscriptions', undefined, { version: 'v3' })).status).toBe(400);
  });
});
