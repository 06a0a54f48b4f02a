import { RestError, type TableClient } from '@azure/data-tables';
import type { EntityTable } from '../../../shared/storage/entityTable';
import { createAzureTable } from '../../../shared/storage/tables';

/** What the contract suites cannot bring about on Azurite: a table service that is out of order. */
const ROW = { partitionKey: 'tenant', rowKey: 'row' };

function tableThatFails(error: Error) {
  const fail = () => Promise.reject(error);
  const client = {
    getEntity: fail,
    createEntity: fail,
    updateEntity: fail,
    deleteEntity: fail,
    submitTransaction: fail,
    listEntities: () => ({ byPage: () => ({ next: fail }) }),
  };
  return createAzureTable(client as unknown as TableClient);
}

const aborted = Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });

test.each([
  ['no connection', new RestError('getaddrinfo', { code: 'REQUEST_SEND_ERROR' })],
  ['no answer in time', aborted],
  ['408', new RestError('timeout', { statusCode: 408 })],
  ['429', new RestError('busy', { statusCode: 429 })],
  ['503 ServerBusy', new RestError('busy', { statusCode: 503 })],
])('%s may pass: storageUnavailable, retryable', async (_what, error) => {
  await expectUnavailable(tableThatFails(error));
});

/** Every call rejects so, with a message that holds the words. */
async function expectUnavailable(table: EntityTable, words = /AzureWebJobsStorage/) {
  const expected = {
    code: 'storageUnavailable',
    retryable: true,
    message: expect.stringMatching(words) as string,
  };
  await expect(table.get('tenant', 'row')).rejects.toMatchObject(expected);
  await expect(table.insert(ROW)).rejects.toMatchObject(expected);
  await expect(table.replace(ROW, 'etag')).rejects.toMatchObject(expected);
  await expect(table.replaceEach([{ row: ROW, etag: 'etag' }])).rejects.toMatchObject(expected);
  await expect(table.remove('tenant', 'row', 'etag')).rejects.toMatchObject(expected);
  await expect(table.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(expected);
}

/** Table service error codes: the word comes in the header x-ms-error-code, in the body, or both. */
const missing = (details: unknown, code?: string) =>
  Object.assign(new RestError('x', { statusCode: 404, ...(code === undefined ? {} : { code }) }), {
    details,
  });

test.each([
  ['401', new RestError('InvalidAuthenticationInfo', { statusCode: 401 }), /401.*not accepted.*AzureWebJobsStorage/],
  [
    '403',
    new RestError('AuthorizationFailure', { statusCode: 403 }),
    /403.*AzureWebJobsStorage.*Storage Table Data Contributor/,
  ],
  [
    'no such table (header)',
    missing({ errorCode: 'TableNotFound' }),
    /404.*table is missing.*AzureWebJobsStorage.*infrastructure/,
  ],
  ['no such table (body)', missing({ odataError: { code: 'TableNotFound' } }), /table is missing/],
  ['no such table (transaction)', missing(undefined, 'TableNotFound'), /table is missing/],
])(
  '%s is waited for, in words that name setting, right and remedy: after a deployment it may come to hold',
  async (_what, error, words) => {
    await expectUnavailable(tableThatFails(error), words);
  },
);

test('404 of a row that is not there is an outcome and no error', async () => {
  for (const details of [{ errorCode: 'ResourceNotFound' }, undefined, 'no record']) {
    const table = tableThatFails(missing(details));
    expect(await table.get('tenant', 'row')).toBeUndefined();
    expect(await table.replace(ROW, 'etag')).toBeUndefined();
    expect(await table.replaceEach([{ row: ROW, etag: 'etag' }])).toEqual([undefined]);
    expect(await table.remove('tenant', 'row', 'etag')).toBe(false);
  }
});

test.each([
  ['a call that the service finds wrong', new RestError('InvalidInput', { statusCode: 400 })],
  ['a fault of ours', new TypeError('x is not a function')],
  ['what is no error at all', 'text' as unknown as Error],
])('%s is passed on as it is: waiting does not help', async (_what, error) => {
  await expect(tableThatFails(error).get('tenant', 'row')).rejects.toBe(error);
});

test('an answer without an ETag is no answer', async () => {
  const client = { createEntity: () => Promise.resolve({}) };
  await expect(createAzureTable(client as unknown as TableClient).insert(ROW)).rejects.toThrow(/ETag/);
});
