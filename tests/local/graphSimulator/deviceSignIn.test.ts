import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { decodeJwt } from 'jose';
import { useAuthority } from './askAuthority';
import { tenantA, tenantB, type Harness } from './harness';

const clientId = '5d5d5d5d-0000-4000-8000-000000000005';
const { harness, ask: askAt } = useAuthority();
let scene: Awaited<ReturnType<Harness['scene']>>;
beforeEach(async () => {
  scene = await harness().scene();
});

const ask = (where: string, form: Record<string, string>, tenantId = tenantA) =>
  askAt('POST', `/${tenantId}/oauth2/v2.0/${where}`, form);
const rightScope = 'https://graph.microsoft.com/Printer.ReadWrite.All openid profile';
const begin = async (scope = rightScope) => {
  const { status, body } = await ask('devicecode', { client_id: clientId, scope });
  expect(status).toBe(200);
  return { userCode: String(body['user_code']), deviceCode: String(body['device_code']), body };
};
const poll = (deviceCode: string, change: Record<string, string> = {}) =>
  ask('token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    client_id: clientId,
    device_code: deviceCode,
    ...change,
  });
const signIn = async (as: 'printerAdministrator' | 'user', scope?: string): Promise<string> => {
  const { userCode, deviceCode } = await begin(scope);
  await harness().control.answerDeviceCode(userCode, { as });
  return String((await poll(deviceCode)).body['access_token']);
};

describe('device code (identity-platform v2-oauth2-device-code)', () => {
  it('gives user_code, device_code, verification_uri, expires_in 900, interval and message', async () => {
    const { body, userCode } = await begin();
    expect(body).toMatchObject({
      verification_uri: `${harness().simulator.graphUrl}/devicelogin`,
      expires_in: 900,
      interval: 5,
      message: expect.stringContaining(userCode) as unknown,
    });
    expect(await harness().control.deviceCodes()).toMatchObject([{ userCode, tenantId: tenantA, clientId }]);
  });

  it('answers authorization_pending until the user has signed in, then tokens, once', async () => {
    const { userCode, deviceCode } = await begin();
    const pending = await poll(deviceCode);
    expect([pending.status, pending.body]).toMatchObject([
      400,
      { error: 'authorization_pending', error_codes: [70016] },
    ]);
    await harness().control.answerDeviceCode(userCode.toLowerCase(), { as: 'printerAdministrator' });
    const { status, body } = await poll(deviceCode);
    expect([status, body]).toMatchObject([
      200,
      {
        token_type: 'Bearer',
        scope: 'https://graph.microsoft.com/Printer.ReadWrite.All Printer.ReadWrite.All',
        expires_in: 3599,
      },
    ]);
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      tid: tenantA,
      appid: clientId,
      scp: 'Printer.ReadWrite.All',
      // The template id of Printer Administrator (Entra: permissions-reference).
      wids: ['644ef478-e28f-4e28-b9dc-3fdde9aa0b1f'],
    });
    expect(decodeJwt(String(body['id_token']))).toMatchObject({ aud: clientId, tid: tenantA });
    expect((await poll(deviceCode)).body['error']).toBe('bad_verification_code');
  });

  it('answers authorization_declined, expired_token and bad_verification_code', async () => {
    const declined = await begin();
    await harness().control.answerDeviceCode(declined.userCode, { as: 'decline' });
    expect((await poll(declined.deviceCode)).body['error']).toBe('authorization_declined');
    const late = await begin();
    expect((await poll(late.deviceCode, { client_id: 'another' })).body['error']).toBe('bad_verification_code');
    harness().clock.aheadMs = 901_000;
    expect((await poll(late.deviceCode)).body['error']).toBe('expired_token');
    await expect(harness().control.answerDeviceCode(late.userCode, { as: 'user' })).rejects.toThrow('404');
    harness().clock.aheadMs = 3 * 3_600_000;
    expect(await harness().control.deviceCodes()).toEqual([]);
  });

  it('shows AADSTS50020 to an account of another tenant, and the code waits for another account', async () => {
    const { userCode, deviceCode } = await begin();
    const page = await fetch(`${harness().simulator.graphUrl}/devicelogin?user_code=${userCode}&as=otherTenant`);
    expect([page.status, await page.text()]).toEqual([400, expect.stringContaining('AADSTS50020')]);
    await harness().control.answerDeviceCode(userCode, { as: 'otherTenant' });
    expect((await poll(deviceCode)).body['error']).toBe('authorization_pending');
    await harness().control.answerDeviceCode(userCode, { as: 'printerAdministrator' });
    expect((await poll(deviceCode)).status).toBe(200);
  });

  it.each([
    [{ client_id: '', scope: 'openid' }, tenantA, 900144],
    [{ client_id: clientId, scope: '' }, tenantA, 900144],
    [{ client_id: clientId, scope: 'openid' }, tenantB, 90002],
  ])('refuses %j of tenant %s', async (form, tenantId, code) => {
    const { status, body } = await ask('devicecode', form, tenantId);
    expect([status, body['error_codes']]).toEqual([400, [code]]);
  });

  it.each([
    ['Conditional Access blocks device codes', 'blocked', 400, 'invalid_grant', 53003],
    ['the registration allows no public client flows', 'notAllowed', 401, 'invalid_client', 7000218],
  ] as const)('gives no token where %s', async (_name, deviceCodeFlow, status, error, number) => {
    await harness().control.setVariants({ deviceCodeFlow });
    const { userCode, deviceCode } = await begin();
    await harness().control.answerDeviceCode(userCode, { as: 'printerAdministrator' });
    const answer = await poll(deviceCode);
    expect([answer.status, answer.body]).toMatchObject([status, { error, error_codes: [number] }]);
  });

  it('signs in by the page that verification_uri names', async () => {
    const open = async (query: string) => {
      const response = await fetch(`${harness().simulator.graphUrl}/devicelogin${query}`);
      return { status: response.status, text: await response.text() };
    };
    const { userCode, deviceCode } = await begin();
    expect((await open('')).text).toContain('user_code');
    expect((await open(`?user_code=${userCode}&as=nobody`)).status).toBe(400);
    expect((await open(`?user_code=${userCode}`)).text).toContain('Signed in');
    expect((await open(`?user_code=${userCode}`)).status).toBe(404);
    expect((await poll(deviceCode)).status).toBe(200);
    const second = await begin();
    expect((await open(`?user_code=${second.userCode}&as=decline`)).text).toContain('Declined');
  });

  it('signs in the real DeviceCodeCredential of @azure/identity', async () => {
    await harness().control.setVariants({ deviceCodeIntervalSeconds: 0.05 });
    const program = `
      const { DeviceCodeCredential } = require('@azure/identity');
      const [tenantId, clientId, authorityHost] = process.argv.slice(1);
      const credential = new DeviceCodeCredential({
        tenantId, clientId, authorityHost, disableInstanceDiscovery: true, userPromptCallback: () => {},
      });
      const scope = 'https://graph.microsoft.com/Printer.ReadWrite.All';
      credential.getToken(scope).then(({ token }) => credential.getToken(scope).then((again) =>
        process.stdout.write(JSON.stringify({ token, same: again.token === token }))));`;
    const running = promisify(execFile)(
      process.execPath,
      ['-e', program, tenantA, clientId, harness().simulator.authorityUrl],
      {
        cwd: path.resolve(__dirname, '../../..'),
        env: { ...process.env, NODE_EXTRA_CA_CERTS: harness().simulator.caFile },
      },
    );
    let code: string | undefined;
    while (code === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      code = (await harness().control.deviceCodes())[0]?.userCode;
    }
    await harness().control.answerDeviceCode(code, { as: 'printerAdministrator' });
    const { stdout } = await running;
    const { token, same } = JSON.parse(stdout) as { token: string; same: boolean };
    expect(same).toBe(true);
    expect((await harness().graph('GET', '/print/printers', undefined, { token })).status).toBe(200);
  }, 30_000);
});

describe('what a signed-in user may do (permission tables of print-list-printers.md, printer-list-tasktriggers.md, printer-post-tasktriggers.md)', () => {
  const status = async (token: string, method: string, where: string) =>
    (await harness().graph(method, where, method === 'POST' ? {} : undefined, { token })).status;

  it('a Printer Administrator lists printers and manages triggers, by delegated permission', async () => {
    const reader = await signIn('printerAdministrator', 'Printer.Read.All');
    const writer = await signIn('printerAdministrator', 'https://graph.microsoft.com/Printer.ReadWrite.All');
    const triggers = `/print/printers/${scene.plain}/taskTriggers`;
    for (const token of [reader, writer]) {
      expect(await status(token, 'GET', '/print/printers')).toBe(200);
      expect(await status(token, 'GET', triggers)).toBe(200);
    }
    expect(await status(reader, 'POST', triggers)).toBe(403);
    expect(await status(writer, 'POST', triggers)).toBe(400);
  });

  it('a user without the role is refused, whatever the permission', async () => {
    const token = await signIn('user');
    expect(await status(token, 'GET', '/print/printers')).toBe(403);
    expect(await status(token, 'GET', `/print/printers/${scene.triggered}/taskTriggers`)).toBe(403);
    const minted = await harness().control.mintUserToken({ tenantId: tenantA, printerAdministrator: false });
    expect(await status(minted, 'GET', '/print/printers')).toBe(403);
  });

  it('task definitions and print subscriptions take no delegated permission (print-list-taskdefinitions.md, subscription-post-subscriptions.md)', async () => {
    const token = await signIn('printerAdministrator');
    expect(await status(token, 'GET', '/print/taskDefinitions')).toBe(403);
    const answer = await harness().graph(
      'POST',
      '/subscriptions',
      {
        changeType: 'created',
        resource: `print/taskDefinitions/${scene.definition}/tasks`,
        notificationUrl: 'http://127.0.0.1:9/x',
        expirationDateTime: harness().inMinutes(100),
      },
      { token },
    );
    expect(answer.status).toBe(403);
  });
});
