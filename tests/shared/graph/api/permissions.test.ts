import { ReceiverError, type ErrorCode } from '../../../../shared/errors';
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
