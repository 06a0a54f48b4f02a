import { createHash, randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { useAuthority } from './askAuthority';
import { tenantA, tenantB } from './harness';

const clientId = '5d5d5d5d-0000-4000-8000-000000000005';
const verifier = randomBytes(32).toString('base64url');
const scope = 'https://graph.microsoft.com/Printer.ReadWrite.All openid profile offline_access';
const right = {
  client_id: clientId,
  response_type: 'code',
  redirect_uri: 'http://localhost:51004',
  response_mode: 'query',
  scope,
  state: '12345',
  code_challenge: createHash('sha256').update(verifier).digest('base64url'),
  code_challenge_method: 'S256',
};

const { harness, ask } = useAuthority();
beforeEach(async () => {
  await harness().scene();
});

const authorize = (change: Record<string, string> = {}, tenantId = tenantA) =>
  ask('GET', `/${tenantId}/oauth2/v2.0/authorize?${new URLSearchParams({ ...right, ...change }).toString()}`);
const backFrom = async (change: Record<string, string> = {}) => {
  const { status, location } = await authorize({ as: 'printerAdministrator', ...change });
  expect(status).toBe(302);
  return new URL(location ?? '');
};
const newCode = async (change: Record<string, string> = {}) => (await backFrom(change)).searchParams.get('code') ?? '';
const redeem = (code: string, change: Record<string, string> = {}, tenantId = tenantA) =>
  ask('POST', `/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'authorization_code',
    client_id: clientId,
    scope,
    code,
    redirect_uri: right.redirect_uri,
    code_verifier: verifier,
    ...change,
  });

describe('the authorize endpoint (identity-platform v2-oauth2-auth-code-flow)', () => {
  it('shows a page with a link for each answer', async () => {
    const { status, text } = await authorize();
    expect(status).toBe(200);
    const links = [...text.matchAll(/href="\?([^"]+)"/g)].map(
      ([, query = '']) => new URLSearchParams(query.replaceAll('&amp;', '&')),
    );
    expect(links.map((query) => query.get('as'))).toEqual(['printerAdministrator', 'user', 'decline', 'otherTenant']);
    for (const query of links) expect(query.get('redirect_uri')).toBe(right.redirect_uri);
  });

  it('sends the browser back with code and state, and a slash after an address without a path (reply-url)', async () => {
    const back = await backFrom();
    expect(back.href).toMatch(/^http:\/\/localhost:51004\/\?/);
    expect(back.searchParams.get('state')).toBe('12345');
    expect(back.searchParams.get('code')).toBeTruthy();
  });

  it('sends the browser back with access_denied when the person cancels', async () => {
    const { searchParams } = await backFrom({ as: 'decline' });
    expect(searchParams.get('error')).toBe('access_denied');
    expect(searchParams.get('error_description')).toMatch(/^AADSTS65004: /);
    expect(searchParams.get('state')).toBe('12345');
    expect(searchParams.has('code')).toBe(false);
  });

  // reference-error-codes: AADSTS50020. The person may choose another account, so the app hears nothing of it.
  it('keeps the browser on its page for an account of another tenant', async () => {
    const { status, location, body } = await authorize({ as: 'otherTenant' });
    expect([status, location, body['error_codes']]).toEqual([400, undefined, [50020]]);
  });

  // reply-url, "Localhost exceptions": any port is the registered http://localhost; the path, the scheme and 127.0.0.1 count.
  it.each([
    ['http://localhost', 302],
    ['http://localhost:1', 302],
    ['http://localhost:65535/', 302],
    ['http://localhost:51004/other', 400],
    ['https://localhost:51004', 400],
    ['http://127.0.0.1:51004', 400],
    ['http://localhost.example:51004', 400],
    ['https://contoso.example', 400],
    ['', 400],
  ])('the redirect URI "%s" is answered with %i', async (redirectUri, expected) => {
    const { status, location, body } = await authorize({ redirect_uri: redirectUri, as: 'user' });
    expect(status).toBe(expected);
    // Nothing is sent to an address that is not registered.
    if (expected === 400) expect([location, body['error_codes']]).toEqual([undefined, [50011]]);
  });

  it('knows no redirect URI where the registration has none', async () => {
    await harness().control.setVariants({ nativeRedirect: false });
    expect((await authorize({ as: 'user' })).body['error_codes']).toEqual([50011]);
  });

  it.each([
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { response_mode: 'form_post' }],
    ['invalid_request', { scope: '' }],
    ['invalid_request', { code_challenge: 'short' }],
    ['invalid_request', { code_challenge_method: 'S512' }],
  ])('sends %s back for %j', async (error, change) => {
    expect((await backFrom(change)).searchParams.get('error')).toBe(error);
  });

  it.each([
    [{ client_id: '' }, tenantA, 900144],
    [{ as: 'nobody' }, tenantA, 900144],
    [{}, tenantB, 90002],
  ])('refuses %j of tenant %s on the page', async (change, tenantId, number) => {
    const { status, body } = await authorize(change, tenantId);
    expect([status, body['error_codes']]).toEqual([400, [number]]);
  });
});

describe('redeeming a code (the same page)', () => {
  it('gives the tokens of the person for the code verifier, once', async () => {
    const code = await newCode({ nonce: 'abcde' });
    const { status, body } = await redeem(code);
    expect([status, body]).toMatchObject([200, { token_type: 'Bearer', expires_in: 3599 }]);
    expect(decodeJwt(String(body['access_token']))).toMatchObject({
      tid: tenantA,
      appid: clientId,
      scp: 'Printer.ReadWrite.All',
      wids: ['644ef478-e28f-4e28-b9dc-3fdde9aa0b1f'],
    });
    expect(decodeJwt(String(body['id_token']))).toMatchObject({ aud: clientId, nonce: 'abcde' });
    const again = await redeem(code);
    expect([again.status, again.body]).toMatchObject([400, { error: 'invalid_grant', error_codes: [54005] }]);
  });

  it('gives another user a token that Graph refuses (print-list-printers.md)', async () => {
    const { body } = await redeem(await newCode({ as: 'user' }));
    const token = String(body['access_token']);
    expect((await harness().graph('GET', '/print/printers', undefined, { token })).status).toBe(403);
  });

  it.each([
    ['another verifier', { code_verifier: randomBytes(32).toString('base64url') }, tenantA, 400, 501481],
    ['no verifier', { code_verifier: '' }, tenantA, 400, 501481],
    ['another redirect URI', { redirect_uri: 'http://localhost:51005' }, tenantA, 400, 70000],
    ['another app', { client_id: 'other' }, tenantA, 400, 70000],
    ['an unknown code', { code: 'made-up' }, tenantA, 400, 70000],
    ['no code', { code: '' }, tenantA, 400, 900144],
    ['a secret, which a public client must not send', { client_secret: 'x' }, tenantA, 401, 700025],
  ])('refuses %s', async (_name, change, tenantId, status, number) => {
    const answer = await redeem(await newCode(), change, tenantId);
    expect([answer.status, answer.body['error_codes']]).toEqual([status, [number]]);
  });

  it('takes a plain challenge, and a code without one (the same page: both are supported)', async () => {
    const plain = await newCode({ code_challenge: verifier, code_challenge_method: 'plain' });
    expect((await redeem(plain)).status).toBe(200);
    const { code_challenge: _challenge, code_challenge_method: _method, ...without } = right;
    const address = `/${tenantA}/oauth2/v2.0/authorize?${new URLSearchParams({ ...without, as: 'user' }).toString()}`;
    const { location } = await ask('GET', address);
    expect((await redeem(new URL(location ?? '').searchParams.get('code') ?? '')).status).toBe(200);
  });

  it('refuses a code after 10 minutes', async () => {
    const code = await newCode();
    harness().clock.aheadMs = 601_000;
    expect((await redeem(code)).body['error_codes']).toEqual([70008]);
  });
});
