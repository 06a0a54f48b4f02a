import { readFile } from 'node:fs/promises';
import { askAuthority } from './askAuthority';
import { tenantA, tenantB } from './harness';
import { useSubscriptions } from './useSubscriptions';

const clientId = '5d5d5d5d-0000-4000-8000-000000000005';
const world = useSubscriptions();

const ask = async (method: string, where: string, form?: Record<string, string>) => {
  const { authorityUrl, caFile } = world.harness().simulator;
  return askAuthority({ authorityUrl, ca: await readFile(caFile, 'utf8') }, method, where, form);
};
const askToken = () =>
  ask('POST', `/${tenantA}/oauth2/v2.0/token`, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: 'any',
    scope: 'https://graph.microsoft.com/.default',
  });
const consent = (query: Record<string, string>, where = `/${tenantA}/adminconsent`) =>
  ask('GET', `${where}?${new URLSearchParams(query).toString()}`);
const reply = { client_id: clientId, state: 'a b', redirect_uri: 'https://app.example/api/consent?x=1' };

describe('the admin-consent link (concepts/auth-v2-service.md)', () => {
  it('redirects with tenant, state and admin_consent=True, and gives the roles of the registration', async () => {
    const { control, graph } = world.harness();
    await control.changeTenant(tenantA, { roles: [] });
    expect((await graph('GET', '/print/taskDefinitions')).status).toBe(403);
    const { status, location } = await consent(reply);
    expect(status).toBe(302);
    const target = new URL(location ?? '');
    expect(target.origin + target.pathname).toBe('https://app.example/api/consent');
    expect(Object.fromEntries(target.searchParams)).toEqual({
      x: '1',
      tenant: tenantA,
      state: 'a b',
      admin_consent: 'True',
    });
    expect((await graph('GET', '/print/taskDefinitions')).status).toBe(200);
  });

  it.each([
    ['an unknown tenant', reply, `/${tenantB}/adminconsent`],
    ['no client_id', { ...reply, client_id: '' }, undefined],
    ['no redirect_uri', { client_id: clientId }, undefined],
  ])('refuses %s', async (_name, query, where) => {
    expect((await consent(query, where)).status).toBe(400);
  });
});

describe('revoked consent', () => {
  it('is refused by the sign-in service (identity-platform reference-error-codes: AADSTS700016)', async () => {
    const { control } = world.harness();
    await control.setConsent(tenantA, { granted: false });
    const { status, body } = await askToken();
    expect([status, body]).toMatchObject([400, { error: 'unauthorized_client', error_codes: [700016] }]);
    await control.setConsent(tenantA, { granted: true });
    expect((await askToken()).status).toBe(200);
  });

  it('is refused by Graph with 401, also with a token from before the revocation', async () => {
    const { control, graph } = world.harness();
    const token = String((await askToken()).body['access_token']);
    expect((await graph('GET', '/subscriptions', undefined, { token })).status).toBe(200);
    await control.setConsent(tenantA, { granted: false });
    expect((await graph('GET', '/subscriptions', undefined, { token })).status).toBe(401);
    expect((await graph('GET', '/subscriptions')).status).toBe(401);
    await control.setConsent(tenantA, { granted: true });
    expect((await graph('GET', '/subscriptions')).status).toBe(200);
  });

  it('ends deliveries until consent is given again', async () => {
    const { control } = world.harness();
    await world.watchTasks();
    await control.setConsent(tenantA, { granted: false });
    await world.printPaused();
    expect(await world.notifiedTasks()).toEqual([]);
    await consent(reply);
    const task = await world.printPaused();
    expect(await world.notifiedTasks()).toEqual([task]);
    expect((await control.state()).tenants[0]).toMatchObject({ consentRevoked: false });
  });
});
