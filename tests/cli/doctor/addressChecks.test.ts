import {
  checkDeployedKey,
  checkDeployedStatus,
  checkHandshake,
  checkRoute,
  ROUTES,
} from '../../../cli/doctor/addressChecks';
import { readConsent } from '../../../shared/consent/consentLink';
import { testKey } from '../../support/testKey';

const NOW = Date.parse('2026-11-22T00:00:00.000Z');
const RING = [{ keyId: 'k1', key: testKey(7) }] as const;

/** An app that answers so. `asked` has its requests. */
function createApp(answer: (url: URL, method: string) => Response | Promise<Response>) {
  const asked: string[] = [];
  const config = { publicBaseUrl: 'https://app.example/api', clientStateKeys: RING };
  const fetchApp: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    asked.push(`${init?.method ?? ''} ${url.origin}${url.pathname}`);
    return answer(url, init?.method ?? '');
  };
  return { deps: { fetch: fetchApp, config, now: NOW }, asked };
}

const plain = (text: string, type = 'text/plain') => new Response(text, { headers: { 'content-type': type } });
const status = (code: number) => new Response(null, { status: code });

describe('the handshake', () => {
  it('passes where the decoded token comes back as plain text', async () => {
    const { deps, asked } = createApp((url) => plain(url.searchParams.get('validationToken') ?? ''));
    expect(await checkHandshake(deps, 'notifications')).toMatchObject({ state: 'ok' });
    expect(await checkHandshake(deps, 'lifecycle')).toMatchObject({ state: 'ok' });
    expect(asked).toEqual(['POST https://app.example/api/notifications', 'POST https://app.example/api/lifecycle']);
  });

  it.each([
    ['another text', () => plain('Welcome')],
    ['the token as a page', (url: URL) => plain(url.searchParams.get('validationToken') ?? '', 'text/html')],
    // A proxy that decodes twice, or not at all.
    ['the token decoded twice', (url: URL) => plain(decodeURIComponent(url.searchParams.get('validationToken') ?? ''))],
  ])('fails with %s', async (_what, answer) => {
    expect(await checkHandshake(createApp(answer).deps, 'notifications')).toMatchObject({
      state: 'failed',
      seen: expect.stringContaining('another program is at this address') as unknown,
      remedies: [expect.stringContaining('"PUBLIC_BASE_URL=<value>"')],
    });
  });

  it.each([
    [404, 'PUBLIC_BASE_URL has another path', 'func azure functionapp publish'],
    [401, 'a sign-in answers in place of the app', 'az webapp auth show'],
    [302, 'a sign-in answers in place of the app', 'az webapp auth show'],
    [403, 'an access restriction', 'az functionapp config access-restriction show'],
    [503, 'Answers 503 in place of 200', 'az functionapp restart'],
  ])('fails with %i', async (code, seen, remedies) => {
    const found = await checkHandshake(createApp(() => status(code)).deps, 'notifications');
    expect(found.state).toBe('failed');
    expect(found.seen).toContain(seen);
    expect(found.remedies?.[0]).toContain(remedies);
  });

  it.each([
    [
      Object.assign(new Error('fetch failed'), { cause: Object.assign(new Error(), { code: 'ENOTFOUND' }) }),
      'name not found',
    ],
    [
      Object.assign(new Error('fetch failed'), { cause: Object.assign(new Error(), { code: 'CERT_HAS_EXPIRED' }) }),
      'TLS failed: CERT_HAS_EXPIRED',
    ],
    [new DOMException('late', 'TimeoutError'), 'no answer within 10 s'],
    [new TypeError('bad port'), 'no answer'],
  ])('fails without an answer: %s', async (error, why) => {
    const found = await checkHandshake(createApp(() => Promise.reject(error)).deps, 'notifications');
    expect(found).toMatchObject({ state: 'failed', seen: `Cannot reach https://app.example (${why})` });
    expect(found.remedies?.[0]).toContain('az functionapp show');
  });
});

describe('a route', () => {
  it('passes where it answers as documented, without a key', async () => {
    const { deps, asked } = createApp(({ pathname }) => status(pathname === '/api/health' ? 200 : 401));
    for (const route of ROUTES) expect(await checkRoute(deps, route)).toMatchObject({ state: 'ok' });
    expect(asked).toHaveLength(ROUTES.length);
  });

  it('fails where it is missing, or needs no key', async () => {
    const [route = { method: 'GET', path: '', status: 401 } as const] = ROUTES.filter(
      ({ status: code }) => code === 401,
    );
    expect(await checkRoute(createApp(() => status(404)).deps, route)).toMatchObject({ state: 'failed' });
    expect(await checkRoute(createApp(() => status(200)).deps, route)).toMatchObject({
      state: 'failed',
      seen: 'Answers 200 in place of 401: the route needs no key',
    });
  });
});

describe('the key of the deployed app', () => {
  /** The consent page of an app with these keys: 400 for a link that it does not know. */
  const consentOf = (key: Buffer) =>
    createApp(({ searchParams }) => {
      const { outcome } = readConsent([{ keyId: 'k1', key }], searchParams, NOW);
      return status(outcome === 'unknownLink' ? 400 : 200);
    });

  it('passes where the app recognizes what our key signs', async () => {
    const { deps, asked } = consentOf(testKey(7));
    expect(await checkDeployedKey(deps)).toMatchObject({ state: 'ok', seen: 'accepts what the key k1 signs' });
    expect(asked).toEqual(['GET https://app.example/api/consent']);
  });

  it('fails where the app has another value of the key', async () => {
    expect(await checkDeployedKey(consentOf(testKey(9)).deps)).toMatchObject({
      state: 'failed',
      seen: expect.stringContaining('does not accept what the key k1') as unknown,
      // docs/operations.md, "The key of a deployed app": the setting refers to the vault, and stays a reference.
      remedies: [
        'az keyvault secret set --vault-name <vault> --name client-state-keys --file <file> --encoding utf-8 --output none',
        expect.stringContaining('/config/configreferences/appsettings/refresh'),
        'az functionapp restart --name <app> --resource-group <group>',
      ],
    });
  });

  it('fails where the app does not answer', async () => {
    expect(await checkDeployedKey(createApp(() => status(503)).deps)).toMatchObject({ state: 'failed' });
  });
});

describe('the status of the deployed app', () => {
  const own = { functionKey: 'the key', version: '1.2.3' };
  const answering = (body: unknown) => createApp(() => new Response(JSON.stringify(body))).deps;

  it('passes where the app is healthy and of this version', async () => {
    expect(await checkDeployedStatus(answering({ state: 'OK', version: '1.2.3' }), own)).toEqual({
      check: 'status of the deployed app',
      state: 'ok',
      seen: 'OK, version 1.2.3',
    });
  });

  it('is asked with the function key in the header that the host reads', async () => {
    const seen: unknown[] = [];
    const { deps } = createApp(() => status(401));
    const asking: typeof fetch = (input, init) => {
      seen.push(init?.headers);
      return deps.fetch(input, init);
    };
    expect(await checkDeployedStatus({ ...deps, fetch: asking }, own)).toMatchObject({
      state: 'failed',
      seen: 'The app does not accept the function key',
      remedies: [expect.stringContaining('az functionapp keys list')],
    });
    expect(seen).toEqual([{ 'x-functions-key': 'the key' }]);
  });

  it('warns of another version, and of a service that needs attention', async () => {
    expect(await checkDeployedStatus(answering({ state: 'OK', version: '1.0.0' }), own)).toMatchObject({
      state: 'warning',
      seen: 'The app has version 1.0.0, and this command 1.2.3',
    });
    const reasons = [
      { reason: 'poison', problem: '2 messages in the poison queue of print-notifications', next: 'poison list' },
      { reason: 'missingKeys', problem: 'CLIENT_STATE_KEYS lacks k0', next: 'doctor' },
    ];
    expect(await checkDeployedStatus(answering({ state: 'ATTENTION', version: '1.2.3', reasons }), own)).toEqual({
      check: 'status of the deployed app',
      state: 'warning',
      seen: 'The app asks for attention: 2 messages in the poison queue of print-notifications, and for 1 more reason',
      remedies: ['poison list'],
    });
  });

  it('fails where the settings of the app are wrong, and says which, because those of this command may be right', async () => {
    const problem = 'Settings are missing or wrong: CLIENT_STATE_KEYS is missing';
    const reasons = [{ reason: 'settingsInvalid', problem, next: 'doctor' }];
    expect(await checkDeployedStatus(answering({ state: 'ATTENTION', version: '1.2.3', reasons }), own)).toMatchObject({
      state: 'failed',
      seen: `The app asks for attention: ${problem}`,
    });
  });

  it.each([
    [503, 'The app cannot read its storage'],
    [404, 'the app is not deployed'],
    [200, 'The answer is no status of this app'],
  ])('fails with %i', async (code, seen) => {
    const found = await checkDeployedStatus(createApp(() => status(code)).deps, own);
    expect([found.state, found.seen]).toEqual(['failed', expect.stringContaining(seen)]);
  });

  it('fails without an answer', async () => {
    const { deps } = createApp(() => Promise.reject(new TypeError('no network')));
    expect(await checkDeployedStatus(deps, own)).toMatchObject({
      state: 'failed',
      seen: expect.stringMatching(/^Cannot reach/) as unknown,
    });
  });
});
