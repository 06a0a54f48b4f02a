import { RestError, TableClient } from '@azure/data-tables';
import { QueueServiceClient } from '@azure/storage-queue';
import { addressOf, toStorageError } from '../../../shared/storage/errors';
import { createBoundedQueue } from '../../../shared/storage/queues';

/** A connection string with a shared access signature (storage-configure-connection-string.md): the client's URL holds it. */
const SAS = 'SharedAccessSignature=sv=2026-01-01&sig=c2VjcmV0';
const queueUrl = QueueServiceClient.fromConnectionString(
  `QueueEndpoint=https://acc.queue.core.windows.net/;${SAS}`,
).getQueueClient('jobs').url;
const tableUrl = TableClient.fromConnectionString(`TableEndpoint=https://acc.table.core.windows.net/;${SAS}`, 'T').url;

it('the URL of a client holds the signature, so that the tests below can fail', () => {
  expect([queueUrl, tableUrl]).toEqual([expect.stringContaining('sig='), expect.stringContaining('sig=')]);
});

it('names the address without query, user part and trailing slash', () => {
  expect(addressOf(queueUrl)).toBe('https://acc.queue.core.windows.net/jobs');
  expect(addressOf(tableUrl)).toBe('https://acc.table.core.windows.net');
  expect(addressOf('https://user:secret@acc.table.core.windows.net/?sig=x')).toBe('https://acc.table.core.windows.net');
  expect(addressOf('http://127.0.0.1:10002/devstoreaccount1')).toBe('http://127.0.0.1:10002/devstoreaccount1');
  expect(addressOf('sig=x')).toBe('an unknown address');
});

it.each([
  ['a table that cannot be reached', new RestError('x', { code: 'ECONNREFUSED' }), 'storageUnavailable', tableUrl],
  ['a table that refuses', new RestError('x', { statusCode: 403 }), 'storageUnavailable', tableUrl],
  ['a queue that is unavailable', new RestError('x', { statusCode: 503 }), 'queueUnavailable', queueUrl],
] as const)('does not show the signature in the error of %s', (_name, cause, code, url) => {
  const error = toStorageError(cause, code, url) as Error;
  expect(error.message).toContain('core.windows.net');
  expect(error.message).not.toContain('sig=');
});

it('does not show the signature when a send timed out', async () => {
  const silent = { send: () => new Promise<void>(() => undefined) };
  const queue = createBoundedQueue(silent, { tries: 1, tryTimeoutMs: 5, pauseMs: 0 }, queueUrl);
  const error: unknown = await queue.send('x').catch((failure: unknown) => failure);
  expect(String(error)).toContain('https://acc.queue.core.windows.net/jobs did not answer');
  expect(String(error)).not.toContain('sig=');
});
