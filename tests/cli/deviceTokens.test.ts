import type { DeviceToken } from '../../shared/deviceTokens/deviceTokens';
import { verifyToken, createTokenSigner } from '../../shared/deviceTokens/tokenText';
import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { OTHER_TENANT, TENANT } from '../support/createSubscriptionWorld';
import { testKey } from '../support/testKey';

const PRINTER = '22222222-2222-2222-2222-222222222222';
const PRINTER_2 = 'aaaaaaaa-2222-2222-2222-222222222222';
const CREATE = ['tenants', 'token', 'create', '--tenant', TENANT, '--name', 'Reader 1', '--printer', PRINTER];

describe('tenants token', () => {
  it('create prints a token that is valid for 90 days, its row has no secret, and list shows it', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const { code, json } = await world.runJson(...CREATE, '--printer', PRINTER_2.toUpperCase(), '--printer', PRINTER);
    expect(code).toBe(0);
    expect(json).toMatchObject({ tenantId: TENANT, name: 'Reader 1', printers: [PRINTER, PRINTER_2], keyId: 'k1' });
    const { token = '', tokenId, ...row } = json as { token?: string; tokenId: string };
    expect(row).toMatchObject({ createdAt: '2026-11-22T00:00:00.000Z', expiresAt: '2027-02-20T00:00:00.000Z' });
    const signer = createTokenSigner([{ keyId: 'k1', key: testKey(7) }]);
    expect(verifyToken(signer, token)).toEqual({ tenantId: TENANT, tokenId, keyId: 'k1' });
    const listed = await world.runJson('tenants', 'token', 'list', '--tenant', TENANT);
    expect(listed.json).toMatchObject([{ tokenId, state: 'active', printers: [PRINTER, PRINTER_2] }]);
    expect(JSON.stringify(listed.json)).not.toContain(token.slice(-43));
    expect((await world.run('tenants', 'token', 'list')).stdout).toMatch(/Reader 1 +active/);
    expect((await world.runJson('tenants', 'token', 'list', '--tenant', OTHER_TENANT)).json).toEqual([]);
  });

  it('create says that the token is shown once', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const { code, stdout } = await world.run(...CREATE, '--days', '1');
    expect(code).toBe(0);
    expect(stdout).toContain('It expires at 2026-11-23T00:00:00.000Z');
    expect(stdout).toMatch(/not shown again:\nuprd1\.\S+\n$/);
  });

  it.each([
    [['--days', '0'], 'a whole number from 1 to 365'],
    [['--days', '366'], 'a whole number from 1 to 365'],
    [['--printer', 'a/b'], 'that begins with "a/b"'],
    [['--name', 'x'.repeat(101)], 'at most 100 characters'],
    [
      Array.from({ length: 100 }, (_, index) => ['--printer', PRINTER.replace(/^.{3}/, String(100 + index))]).flat(),
      'at most 100 printers',
    ],
  ])('create refuses %j', async (options, words) => {
    const world = createCliWorld();
    await world.addTenant();
    const { code, stderr } = await world.run(...CREATE, ...options);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) as string });
  });

  it('create refuses a tenant that is not listed, or removed', async () => {
    const world = createCliWorld();
    expect((await world.run(...CREATE)).stderr).toContain('is not on the allow-list');
    await world.addTenant(TENANT, 'removed');
    expect(await world.run(...CREATE)).toMatchObject({ code: 1, stdout: '' });
    expect((await world.run('tenants', 'token', 'list')).stdout).toContain('There is no device token');
  });

  it('revoke revokes a token of this tenant alone', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const { tokenId } = (await world.runJson(...CREATE)).json as { tokenId: string };
    const foreign = await world.run('tenants', 'token', 'revoke', tokenId, '--tenant', OTHER_TENANT);
    expect(foreign).toMatchObject({ code: 1 });
    expect(foreign.stderr).toContain(`Tenant ${OTHER_TENANT} has no device token ${tokenId}. See: tenants token list`);
    const { stdout } = await world.run('tenants', 'token', 'revoke', tokenId, '--tenant', TENANT);
    expect(stdout).toContain(`Revoked token ${tokenId} (Reader 1)`);
    const { json } = await world.runJson('tenants', 'token', 'revoke', tokenId, '--tenant', TENANT);
    expect(json).toMatchObject({ tokenId, status: 'revoked' });
    expect((await world.runJson('tenants', 'token', 'list')).json).toMatchObject([{ tokenId, state: 'revoked' }]);
  });

  it('tenants remove deletes the tokens of the tenant and no others', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    await world.run(...CREATE);
    await world.run(...CREATE.map((word) => (word === TENANT ? OTHER_TENANT : word)));
    const { code, stdout } = await world.run('tenants', 'remove', TENANT, '--force', '--yes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('1 device token') as string });
    expect((await world.runJson('tenants', 'token', 'list')).json).toMatchObject([{ tenantId: OTHER_TENANT }]);
  });
});

describe('status', () => {
  const key = (number: number) => `k${number}:${testKey(number).toString('base64')}`;
  const withKeys = (ring: string) => createCliWorld({ env: { ...CLI_ENV, CLIENT_STATE_KEYS: ring } });

  it('counts the valid tokens of each key, which keep it in the ring', async () => {
    const world = withKeys(`${key(1)},${key(2)}`);
    await world.addTenant();
    const token: DeviceToken = {
      tenantId: TENANT,
      tokenId: 'a',
      name: 'Reader',
      printers: ['p1'],
      keyId: 'k2',
      status: 'active',
      createdAt: '2026-11-21T00:00:00.000Z',
      expiresAt: '2026-11-23T00:00:00.000Z',
    };
    await world.tokens.add(token);
    await world.tokens.add({ ...token, tokenId: 'b', status: 'revoked' });
    await world.tokens.add({ ...token, tokenId: 'c', expiresAt: '2026-11-22T00:00:00.000Z' });
    await world.tokens.add({ ...token, tokenId: 'd', keyId: 'k3' });
    const keysNow = async () => (await world.runJson('status')).json;
    expect(await keysNow()).toMatchObject({
      keys: [
        { keyId: 'k1', role: 'signs', tokens: 0 },
        { keyId: 'k2', role: 'verifies', tokens: 1, removable: false },
        { keyId: 'k3', role: 'missing', tokens: 1 },
      ],
    });
    expect((await world.run('status')).stdout).toContain('k2: verifies, 0 watches, 1 device token');
    await world.tokens.revoke(TENANT, 'a');
    expect(await keysNow()).toMatchObject({ keys: [{}, { keyId: 'k2', tokens: 0, removable: true }, {}] });
  });
});
