import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK } from 'jose';
import { KEYS_COOLDOWN_MS, createTokenVerifier } from '../../../shared/webhook/validationTokens';
import { createFakeClock } from '../../support/createFakeClock';
import { TENANT_A, TENANT_B } from '../../support/notifications';

/** Every expectation: concepts/change-notifications-with-resource-data.md. */
const PUBLISHER = '0bf30f3b-4a52-48df-9a82-234910c4a086';
const CLIENT = '99999999-0000-4000-8000-000000000009';
const AUTHORITY = 'https://login.microsoftonline.com';
const V1_KEYS = `${AUTHORITY}/common/discovery/keys`;
const V2_KEYS = `${AUTHORITY}/common/discovery/v2.0/keys`;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let stranger: Pair;
let publicKey: JWK;

beforeAll(async () => {
  [pair, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'one', use: 'sig' };
});

afterEach(() => jest.restoreAllMocks());

function setUp(authorityHost = AUTHORITY) {
  const clock = createFakeClock();
  // jose tells the age of its keys by Date.
  jest.spyOn(Date, 'now').mockImplementation(() => clock.now());
  const fetched: string[] = [];
  const verify = createTokenVerifier({
    authorityHost,
    clientId: CLIENT,
    clock,
    fetch: (url) => {
      fetched.push(url);
      return Promise.resolve(Response.json({ keys: [publicKey] }));
    },
  });
  const seconds = Math.floor(clock.now() / 1000);
  const sign = (claims: Record<string, unknown>, { by = pair, kid = 'one', alg = 'RS256' } = {}) =>
    new SignJWT({ aud: CLIENT, iat: seconds, nbf: seconds, exp: seconds + 3600, ...claims })
      .setProtectedHeader({ alg, kid, typ: 'JWT' })
      .sign(by.privateKey);
  const check = async (...tokens: unknown[]) =>
    verify(await Promise.all(tokens), new Set([TENANT_A, ...tokens.map((_token, index) => `tenant-${index}`)]));
  return { verify, sign, check, fetched, clock, seconds };
}

const v1 = { iss: `https://sts.windows.net/${TENANT_A}/`, tid: TENANT_A, appid: PUBLISHER };
const v2 = { iss: `${AUTHORITY}/${TENANT_A}/v2.0`, tid: TENANT_A, azp: PUBLISHER };

it('accepts the v1.0 form: sts.windows.net, appid, the v1 keys', async () => {
  const { sign, check, fetched } = setUp();
  expect(await check(sign(v1))).toBe(true);
  expect(fetched).toEqual([V1_KEYS]);
});

it('accepts the v2.0 form: the sign-in host, azp, the v2 keys', async () => {
  const { sign, check, fetched } = setUp();
  expect(await check(sign(v2))).toBe(true);
  expect(fetched).toEqual([V2_KEYS]);
});

it.each([
  ['the host of ENTRA_AUTHORITY_HOST', 'https://localhost:7443'],
  ['the US government host', 'https://login.microsoftonline.us'],
])('accepts an issuer of %s', async (_name, host) => {
  const { sign, check } = setUp(host);
  expect(await check(sign({ ...v2, iss: `${host}/${TENANT_A}/v2.0` }))).toBe(true);
});

it('fetches the keys once for several batches', async () => {
  const { sign, check, fetched } = setUp();
  expect(await check(sign(v1), sign(v1))).toBe(true);
  expect(await check(sign(v1))).toBe(true);
  expect(fetched).toHaveLength(1);
});

describe('refuses', () => {
  const bad: [string, (tools: ReturnType<typeof setUp>) => unknown][] = [
    ['another audience', ({ sign }) => sign({ ...v1, aud: 'https://graph.microsoft.com' })],
    ['no audience', ({ sign }) => sign({ ...v1, aud: undefined })],
    ['a token past its end', ({ sign, seconds }) => sign({ ...v1, exp: seconds - 3600 })],
    ['a token just past end and tolerance', ({ sign, seconds }) => sign({ ...v1, exp: seconds - 901 })],
    ['a token that never ends', ({ sign }) => sign({ ...v1, exp: undefined })],
    ['a token of tomorrow', ({ sign, seconds }) => sign({ ...v1, nbf: seconds + 86_400, exp: seconds + 90_000 })],
    ['v1 with another app', ({ sign }) => sign({ ...v1, appid: CLIENT })],
    ['v1 with azp in place of appid', ({ sign }) => sign({ ...v1, appid: undefined, azp: PUBLISHER })],
    ['v2 with another app', ({ sign }) => sign({ ...v2, azp: CLIENT })],
    ['v2 with appid in place of azp', ({ sign }) => sign({ ...v2, azp: undefined, appid: PUBLISHER })],
    ['an issuer of another tenant', ({ sign }) => sign({ ...v1, iss: `https://sts.windows.net/${TENANT_B}/` })],
    [
      'a tenant that is not in the batch',
      ({ sign }) => sign({ ...v1, iss: `https://sts.windows.net/${TENANT_B}/`, tid: TENANT_B }),
    ],
    ['no tenant', ({ sign }) => sign({ ...v1, tid: undefined })],
    ['an unknown sign-in host', ({ sign }) => sign({ ...v2, iss: `https://login.example.com/${TENANT_A}/v2.0` })],
    ['v1 issuer without its slash', ({ sign }) => sign({ ...v1, iss: `https://sts.windows.net/${TENANT_A}` })],
    ['no issuer', ({ sign }) => sign({ ...v1, iss: undefined })],
    ['the signature of a stranger', ({ sign }) => sign(v1, { by: stranger })],
    [
      'a changed payload',
      async ({ sign }) => {
        const [head, , mac] = (await sign(v1)).split('.');
        const claims = JSON.stringify({ ...v1, aud: CLIENT, exp: 9_999_999_999 });
        return `${head}.${Buffer.from(claims).toString('base64url')}.${mac}`;
      },
    ],
    ['no signature at all', ({ seconds }) => new UnsecuredJWT({ ...v1, aud: CLIENT, exp: seconds + 3600 }).encode()],
    [
      'an HMAC made with the public key',
      ({ seconds }) =>
        new SignJWT({ ...v1, aud: CLIENT, exp: seconds + 3600 })
          .setProtectedHeader({ alg: 'HS256', kid: 'one' })
          .sign(new TextEncoder().encode(JSON.stringify(publicKey))),
    ],
    ['an unknown key', ({ sign }) => sign(v1, { kid: 'two' })],
    ['no token', () => 'x'],
    ['a number', () => 7],
    ['null', () => null],
  ];

  it.each(bad)('%s', async (_name, make) => {
    const tools = setUp();
    expect(await tools.check(make(tools))).toBe(false);
  });

  it('a batch of good tokens with one bad among them', async () => {
    const { sign, check } = setUp();
    expect(await check(sign(v1), sign(v2), sign({ ...v1, appid: CLIENT }))).toBe(false);
  });

  it('nothing beyond one token for each tenant of the batch, which it does not look at', async () => {
    const { verify, sign, fetched } = setUp();
    const tokens = [await sign(v1), ...Array.from({ length: 1_000 }, () => 'x')];
    expect(await verify(tokens, new Set([TENANT_A]))).toBe(true);
    expect(await verify(['x', await sign(v1)], new Set([TENANT_A]))).toBe(false);
    expect(fetched).toHaveLength(1);
  });

  it('anything but a list', async () => {
    const { verify, sign } = setUp();
    expect(await verify(await sign(v1), new Set([TENANT_A]))).toBe(false);
  });

  it('tokens of other apps and tenants without fetching a key', async () => {
    const { sign, check, fetched } = setUp();
    expect(await check(sign({ ...v1, appid: CLIENT }), sign({ ...v1, tid: TENANT_B }))).toBe(false);
    expect(fetched).toEqual([]);
  });
});

it('allows for a minute between the clocks', async () => {
  const { sign, check, seconds } = setUp();
  expect(await check(sign({ ...v1, exp: seconds - 30 }), sign({ ...v2, nbf: seconds + 30 }))).toBe(true);
});

it('finds a key that was rolled in since the keys were fetched', async () => {
  const { sign, check, fetched, clock } = setUp();
  expect(await check(sign(v1))).toBe(true);
  clock.advance(KEYS_COOLDOWN_MS);
  publicKey = { ...publicKey, kid: 'two' };
  expect(await check(sign(v1, { kid: 'two' }))).toBe(true);
  expect(fetched).toHaveLength(2);
  publicKey = { ...publicKey, kid: 'one' };
});

describe('while the keys are unreachable', () => {
  const verifier = () =>
    createTokenVerifier({
      authorityHost: AUTHORITY,
      clientId: CLIENT,
      clock: createFakeClock(),
      fetch: () => Promise.reject(new Error('offline')),
    });

  it('rejects with keysUnreachable, so that Graph retries', async () => {
    const { sign } = setUp();
    await expect(verifier()([await sign(v1)], new Set([TENANT_A]))).rejects.toMatchObject({
      code: 'keysUnreachable',
    });
  });

  it('still refuses a batch that holds a token which is bad without any key', async () => {
    const { sign } = setUp();
    expect(await verifier()([await sign(v1), 'x'], new Set([TENANT_A, TENANT_B]))).toBe(false);
  });
});
