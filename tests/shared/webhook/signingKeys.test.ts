import { exportJWK, generateKeyPair, type FlattenedJWSInput, type JWK } from 'jose';
import {
  createSigningKeys,
  FAILED_FETCH_COOLDOWN_MS,
  KEYS_COOLDOWN_MS,
  KEYS_MAX_AGE_MS,
} from '../../../shared/webhook/validationTokens';
import { createFakeClock } from '../../support/createFakeClock';

const JWKS_URL = 'https://login.microsoftonline.com/common/discovery/keys';
const TOKEN: FlattenedJWSInput = { payload: '', signature: '' };
let key: JWK;

beforeAll(async () => {
  key = await exportJWK((await generateKeyPair('RS256')).publicKey);
});

afterEach(() => jest.restoreAllMocks());

function setUp(answer: () => Promise<Response>) {
  const clock = createFakeClock();
  // jose tells the age of its keys by Date.
  jest.spyOn(Date, 'now').mockImplementation(() => clock.now());
  const fetch = jest.fn((_url: string, _init: { signal: AbortSignal }) => answer());
  const keys = createSigningKeys({ fetch, clock }, JWKS_URL);
  return { clock, fetch, find: (kid: string) => Promise.resolve(keys({ alg: 'RS256', kid }, TOKEN)) };
}

const good = () => Promise.resolve(Response.json({ keys: [{ ...key, kid: 'one' }, 'junk', {}] }));

it('fetches once for all who ask at the same moment, and keeps the keys for a day', async () => {
  const { find, fetch, clock } = setUp(good);
  await Promise.all([find('one'), find('one'), find('one')]);
  clock.advance(KEYS_MAX_AGE_MS - 1);
  await find('one');
  expect(fetch).toHaveBeenCalledTimes(1);
  expect(fetch).toHaveBeenCalledWith(JWKS_URL, { signal: expect.any(AbortSignal) as AbortSignal });
  clock.advance(1);
  await find('one');
  expect(fetch).toHaveBeenCalledTimes(2);
});

it('fetches again for an unknown key, but not within the cooldown', async () => {
  const { find, fetch, clock } = setUp(good);
  await find('one');
  clock.advance(KEYS_COOLDOWN_MS - 1);
  // It may be newer than the keys that we have: Graph should send it again.
  await expect(find('two')).rejects.toMatchObject({ code: 'keysUnreachable', retryable: true });
  expect(fetch).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await expect(find('two')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  await expect(find('two')).rejects.toMatchObject({ code: 'keysUnreachable' });
  expect(fetch).toHaveBeenCalledTimes(2);
});

it('does not judge a key by a fetch that began before it: the key may have been published since', async () => {
  const listing = (...kids: string[]) => Response.json({ keys: kids.map((kid) => ({ ...key, kid })) });
  let end = (_answer: Response): void => undefined;
  const begun = new Promise<Response>((resolve) => (end = resolve));
  const answers = [begun, Promise.resolve(listing('one', 'two'))];
  const { find, fetch, clock } = setUp(() => answers.shift() ?? good());
  const first = find('one');
  const joined = find('two');
  end(listing('one'));
  await expect(first).resolves.toBeDefined();
  // Graph should send it again.
  await expect(joined).rejects.toMatchObject({ code: 'keysUnreachable', retryable: true });
  clock.advance(KEYS_COOLDOWN_MS);
  await expect(find('two')).resolves.toBeDefined();
  expect(fetch).toHaveBeenCalledTimes(2);
});

it.each([
  ['no connection', () => Promise.reject(new TypeError('fetch failed'))],
  ['a status of 500', () => Promise.resolve(new Response('', { status: 500 }))],
  ['no JSON', () => Promise.resolve(new Response('<html>'))],
  ['no keys', () => Promise.resolve(Response.json({ value: [] }))],
  ['a list', () => Promise.resolve(Response.json([]))],
])('is keysUnreachable, naming the setting, after %s', async (_name, answer) => {
  const { find } = setUp(answer);
  await expect(find('one')).rejects.toMatchObject({
    code: 'keysUnreachable',
    retryable: true,
    message: expect.stringMatching(/ENTRA_AUTHORITY_HOST/) as string,
  });
});

it('starts no fetch during the cooldown after a failed one, then tries again', async () => {
  let failing = true;
  const { find, fetch, clock } = setUp(() => (failing ? Promise.reject(new Error('down')) : good()));
  await expect(find('one')).rejects.toMatchObject({ code: 'keysUnreachable' });
  failing = false;
  clock.advance(FAILED_FETCH_COOLDOWN_MS - 1);
  await expect(find('one')).rejects.toMatchObject({ code: 'keysUnreachable' });
  expect(fetch).toHaveBeenCalledTimes(1);
  clock.advance(1);
  await expect(find('one')).resolves.toBeDefined();
  expect(fetch).toHaveBeenCalledTimes(2);
});
