import { ReceiverError, type ErrorCode } from '../../../../shared/errors';
import { toGraphError } from '../../../../shared/graph/errors';
import { tryPermissions } from '../../../../shared/graph/api/permissions';

const TENANT = '11111111-1111-1111-1111-111111111111';
const tryAgainst = (error?: unknown) =>
  tryPermissions(
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what is thrown is the point
    () => (error === undefined ? Promise.resolve({ status: 200, body: {} }) : Promise.reject(error)),
    TENANT,
  );

it('an answer shows that the permission is granted', async () => {
  expect(new Set((await tryAgainst()).map(({ state }) => state))).toEqual(new Set(['granted']));
});

it.each<[ErrorCode, string]>([
  ['graphNotFound', 'granted'],
  ['graphRejected', 'granted'],
  ['graphConflict', 'granted'],
  ['graphUnauthorized', 'missing'],
  ['graphForbidden', 'missing'],
  ['graphThrottled', 'unknown'],
  ['tokenRefused', 'unknown'],
])('%s shows %s', async (code, state) => {
  const [first] = await tryAgainst(new ReceiverError(code, 'words'));
  expect(first).toMatchObject({ permission: 'PrintTaskDefinition.ReadWrite.All', state });
});

it('never rejects', async () => {
  expect((await tryAgainst(new TypeError('secret')))[0]).toEqual({
    permission: 'PrintTaskDefinition.ReadWrite.All',
    state: 'unknown',
    detail: 'unexpected TypeError',
  });
});

it('a refusal with a reason of its own is no missing permission, and the other calls are not sent', async () => {
  const body = JSON.stringify({ error: { code: 'AccessDenied', message: 'Blocked by Conditional Access policies.' } });
  let calls = 0;
  const checks = await tryPermissions((call) => {
    calls += 1;
    return Promise.reject(toGraphError(call, { status: 403, headers: { 'request-id': `r-${calls}` }, body }, 0));
  }, TENANT);
  expect(calls).toBe(1);
  expect(new Set(checks.map(({ state }) => state))).toEqual(new Set(['unknown']));
  expect(checks[0]?.detail).toContain('a Conditional Access policy blocks the app, request id r-1');
});
