import { RestError, type TableClient } from '@azure/data-tables';
import { createTableEntities } from '../../../shared/storage/tableEntities';

/** What the contract suites cannot bring about on Azurite: a table service that is out of order. */
const ROW = { partitionKey: 'tenant', rowKey: 'row' };

function tableThatFails(error: Error) {
  const fail = () => Promise.reject(error);
  const client = { getEntity: fail, createEntity: fail, updateEntity: fail, deleteEntity: fail };
  return createTableEntities(client as unknown as TableClient);
}

const aborted = Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });

test.each([
  ['no connection', new RestError('getaddrinfo', { code: 'REQUEST_SEND_ERROR' })],
  ['no answer in time', aborted],
  ['408', new RestError('timeout', { statusCode: 408 })],
  ['429', new RestError('busy', { statusCode: 429 })],
  ['503 ServerBusy', new RestError('busy', { statusCode: 503 })],
])('%s may pass: storageUnavailable, retryable', async (_what, error) => {
  const table = tableThatFails(error);
  const expected = { code: 'storageUnavailable', retryable: true };
  await expect(table.get('tenant', 'row')).rejects.toMatchObject(expected);
  await expect(table.insert(ROW)).rejects.toMatchObject(expected);
  await expect(table.replace(ROW, 'etag')).rejects.toMatchObject(expected);
  await expect(table.remove('tenant', 'row', 'etag')).rejects.toMatchObject(expected);
});

test.each([
  ['a missing right', new RestError('AuthorizationFailure', { statusCode: 403 })],
  ['a fault of ours', new TypeError('x is not a function')],
])('%s is passed on as it is: waiting does not help', async (_what, error) => {
  await expect(tableThatFails(error).get('tenant', 'row')).rejects.toBe(error);
});

test('an answer without an ETag is no answer', async () => {
  const client = { createEntity: () => Promise.resolve({}) };
  await expect(createTableEntities(client as unknown as TableClient).insert(ROW)).rejects.toThrow(/ETag/);
});
