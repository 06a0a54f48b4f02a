import { ReceiverError } from '../../../shared/errors';
import { rememberTokenRefusals } from '../../../shared/graph/rememberTokenRefusals';
import { createFakeClock } from '../../support/createFakeClock';

const REFUSED = new ReceiverError('tokenRefused', 'no consent');
const BUSY = new ReceiverError('tokenUnavailable', 'busy');

/** A sign-in host that refuses until told otherwise, and what it was asked. */
function createSetting() {
  const clock = createFakeClock();
  const asked: string[] = [];
  const host: { error: Error | undefined } = { error: REFUSED };
  const getToken = rememberTokenRefusals((tenantId, options) => {
    asked.push(options?.fresh ? `${tenantId}, fresh` : tenantId);
    return host.error ? Promise.reject(host.error) : Promise.resolve(`token of ${tenantId}`);
  }, clock);
  return { clock, asked, host, getToken };
}

test('500 messages of a tenant that is refused ask once in 30 seconds, and each hears the same error', async () => {
  const { asked, getToken, clock } = createSetting();
  for (let message = 0; message < 500; message += 1) {
    await expect(getToken('t1')).rejects.toBe(REFUSED);
    clock.advance(59);
  }
  expect(asked).toEqual(['t1']);
  clock.advance(500);
  await expect(getToken('t1')).rejects.toBe(REFUSED);
  expect(asked).toEqual(['t1', 't1']);
});

test('another tenant is asked for', async () => {
  const { asked, getToken } = createSetting();
  await expect(getToken('t1')).rejects.toBe(REFUSED);
  await expect(getToken('t2')).rejects.toBe(REFUSED);
  expect(asked).toEqual(['t1', 't2']);
});

test('a consent that was given again serves at the latest after 30 seconds', async () => {
  const { getToken, clock, host } = createSetting();
  await expect(getToken('t1')).rejects.toBe(REFUSED);
  host.error = undefined;
  clock.advance(29_999);
  await expect(getToken('t1')).rejects.toBe(REFUSED);
  clock.advance(1);
  await expect(getToken('t1')).resolves.toBe('token of t1');
});

test('fresh asks all the same, and its token ends the memory', async () => {
  const { asked, getToken, host } = createSetting();
  await expect(getToken('t1')).rejects.toBe(REFUSED);
  await expect(getToken('t1', { fresh: true })).rejects.toBe(REFUSED);
  host.error = undefined;
  await expect(getToken('t1', { fresh: true })).resolves.toBe('token of t1');
  await expect(getToken('t1', { fresh: false })).resolves.toBe('token of t1');
  expect(asked).toEqual(['t1', 't1, fresh', 't1, fresh', 't1']);
});

test.each([
  ['what may pass by itself', BUSY],
  ['a fault of ours', new TypeError('x is not a function')],
])('%s is not remembered', async (_what, error) => {
  const { getToken, host } = createSetting();
  host.error = error;
  await expect(getToken('t1')).rejects.toBe(error);
  host.error = undefined;
  await expect(getToken('t1')).resolves.toBe('token of t1');
});

test('beyond 2,000 tenants the oldest refusal is forgotten, and only that', async () => {
  const { asked, getToken } = createSetting();
  const ask = (tenantId: string, fresh = false) => getToken(tenantId, { fresh }).catch(() => undefined);
  for (let tenant = 0; tenant < 2_000; tenant += 1) await ask(`t${tenant}`);
  // Refused anew, it is the youngest.
  await ask('t0', true);
  await ask('t2000');
  asked.length = 0;
  for (const tenantId of ['t0', 't2', 't1999', 't2000', 't1']) await ask(tenantId);
  expect(asked).toEqual(['t1']);
});
