import { join } from 'node:path';
import { TableClient } from '@azure/data-tables';
import { QueueClient } from '@azure/storage-queue';
import { startFaultProxy, type FaultProxy } from '../../../local/faultProxy/startFaultProxy';
import { connectionStringFor, startAzurite, type Azurite } from '../../../local/startAzurite';

// Programs start slowly on a busy machine.
jest.setTimeout(30_000);

let azurite: Azurite;
let proxy: FaultProxy<'blob' | 'queue' | 'table'>;
let queue: QueueClient;
let table: TableClient;

beforeAll(async () => {
  azurite = await startAzurite({ root: join(__dirname, '..', '..', '..') });
  proxy = await startFaultProxy({
    targets: azurite.urls,
  });
  const connection = connectionStringFor(proxy.urls);
  // No retries: a fault is to be seen, not repaired.
  queue = new QueueClient(connection, 'jobs', { retryOptions: { maxTries: 1 } });
  table = TableClient.fromConnectionString(connection, 'Ledger', {
    ...{ allowInsecureConnection: true, retryOptions: { maxRetries: 0 } },
  });
  await queue.create();
  await table.createTable();
});
afterAll(async () => {
  await proxy.close();
  await azurite.stop();
});

const names = (since: number) =>
  proxy.calls({ since }).map(({ effect, resource, status }) => [effect, resource, status]);

test('the queue SDK works through the proxy, and each call is named', async () => {
  const mark = proxy.mark();
  await queue.sendMessage(Buffer.from('{"a":1}').toString('base64'), { messageTimeToLive: -1 });
  await queue.peekMessages();
  const [message] = (await queue.receiveMessages({ visibilityTimeout: 600 })).receivedMessageItems;
  const { messageId = '', popReceipt = '' } = message ?? {};
  const updated = await queue.updateMessage(messageId, popReceipt, undefined, 600);
  await queue.deleteMessage(messageId, updated.popReceipt ?? '');
  expect(names(mark)).toEqual([
    ['queue.send', 'jobs', 201],
    ['queue.peek', 'jobs', 200],
    ['queue.receive', 'jobs', 200],
    ['queue.update', 'jobs', 204],
    ['queue.delete', 'jobs', 204],
  ]);
  expect(proxy.calls({ since: mark })[0]?.bodyText).toContain('eyJhIjoxfQ==');
});

test('the table SDK works through the proxy, keys with quotes and slashes included', async () => {
  const mark = proxy.mark();
  const keys = { partitionKey: "o'ne", rowKey: 'jobFetchable_a b_1%2' };
  await table.createEntity({ ...keys, status: 'claimed' });
  await expect(table.createEntity({ ...keys, status: 'claimed' })).rejects.toMatchObject({ statusCode: 409 });
  const { etag } = await table.getEntity(keys.partitionKey, keys.rowKey);
  await table.updateEntity({ ...keys, status: 'done' }, 'Replace', { etag });
  await expect(table.updateEntity({ ...keys, status: 'x' }, 'Merge', { etag })).rejects.toMatchObject({
    statusCode: 412,
  });
  const found: unknown[] = [];
  for await (const row of table.listEntities()) found.push(row['status']);
  expect(found).toEqual(['done']);
  await table.deleteEntity(keys.partitionKey, keys.rowKey);
  expect(names(mark)).toEqual([
    ['table.insert', 'Ledger', expect.any(Number)],
    ['table.insert', 'Ledger', 409],
    ['table.get', 'Ledger', 200],
    ['table.update', 'Ledger', 204],
    ['table.merge', 'Ledger', 412],
    ['table.query', 'Ledger', 200],
    ['table.delete', 'Ledger', 204],
  ]);
});

test('a message on hold before its effect does not exist, and dropped it is never sent', async () => {
  const fault = proxy.fault({
    match: ({ effect }) => effect === 'queue.send',
    when: 'before',
    action: 'hold',
  });
  const sent = expect(queue.sendMessage('one')).rejects.toThrow();
  await fault.reached;
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
  fault.drop();
  await sent;
  expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
});

test('dropped after its effect, a message is there although the sender saw an error', async () => {
  proxy.fault({ match: ({ effect }) => effect === 'queue.send', when: 'after', action: 'drop' });
  await expect(queue.sendMessage('two')).rejects.toThrow();
  expect((await queue.getProperties()).approximateMessagesCount).toBe(1);
  await queue.clearMessages();
});

test('a row on hold after its effect exists before the writer receives the answer', async () => {
  const match = ({ effect, bodyText = '' }: { effect: string; bodyText?: string }) =>
    effect === 'table.insert' && bodyText.includes('claimed');
  const fault = proxy.fault({ match, when: 'after', action: 'hold' });
  let known = false;
  const written = table.createEntity({ partitionKey: 'a', rowKey: 'b', status: 'claimed' }).then(() => (known = true));
  await fault.reached;
  expect(await table.getEntity('a', 'b')).toMatchObject({ status: 'claimed' });
  expect(known).toBe(false);
  fault.release();
  await written;
});
