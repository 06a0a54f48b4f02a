import { join } from 'node:path';
import { Readable } from 'node:stream';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import {
  AccountSASPermissions,
  generateAccountSASQueryParameters,
  QueueServiceClient,
  StorageSharedKeyCredential,
} from '@azure/storage-queue';
import { startAzurite, type Azurite } from '../../local/startAzurite';
import { checkConnectionString } from '../../shared/settings/connectionString';
import { openBlobs } from '../../shared/storage/blobs';
import { createAzureDocuments } from '../../shared/storage/documents';
import { openQueues } from '../../shared/storage/queues';
import { openTables } from '../../shared/storage/tables';
import { createWatches } from '../../shared/watches/watches';
import { blobContainerContract } from './blobContainerContract';
import { documentContainerContract } from './documentContainerContract';
import { entityTableContract } from './entityTableContract';
import { messageQueueContract } from './messageQueueContract';
import { queueContentsContract } from './queueContentsContract';

const PATIENCE = { tries: 2, tryTimeoutMs: 10_000, pauseMs: 0 };

let azurite: Azurite;
let made = 0;

beforeAll(async () => {
  azurite = await startAzurite({ root: join(__dirname, '..', '..') });
}, 30_000);

afterAll(() => azurite.stop());

entityTableContract('Azure table', async () => {
  made += 1;
  const { connectionString } = azurite;
  const service = TableServiceClient.fromConnectionString(connectionString, {
    allowInsecureConnection: true,
  });
  await service.createTable(`Contract${made}`);
  return (await openTables({ connectionString }))(`Contract${made}`);
});

const openQueue = async () => {
  made += 1;
  const { connectionString } = azurite;
  const client = QueueServiceClient.fromConnectionString(connectionString).getQueueClient(`q-${made}`);
  await client.create();
  return { client, queue: (await openQueues({ connectionString })).queue(`q-${made}`, PATIENCE) };
};
type Opened = Awaited<ReturnType<typeof openQueue>>;
const visibleIn = async (client: Opened['client']) => {
  const { peekedMessageItems } = await client.peekMessages({ numberOfMessages: 32 });
  return peekedMessageItems.map(({ messageText }) => Buffer.from(messageText, 'base64').toString('utf8'));
};

messageQueueContract('Azure queue', async () => {
  const { client, queue } = await openQueue();
  return { queue, visible: () => visibleIn(client) };
});

queueContentsContract('Azure queue', async () => {
  const { client, queue } = await openQueue();
  const service = await openQueues({ connectionString: azurite.connectionString });
  return { queue, contents: service.contents(client.name) };
});

blobContainerContract('Azure container', async () => {
  made += 1;
  const { connectionString } = azurite;
  await BlobServiceClient.fromConnectionString(connectionString).getContainerClient(`c-${made}`).create();
  return (await openBlobs({ connectionString }))(`c-${made}`);
});

const openDocuments = async () => {
  made += 1;
  const container = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient(`d-${made}`);
  await container.create();
  return { container, documents: createAzureDocuments(container) };
};

documentContainerContract('Azure container', async () => (await openDocuments()).documents);

it('stores a document that a browser downloads and does not show, with what is known of it', async () => {
  const { container, documents } = await openDocuments();
  const facts = { contentType: 'application/pdf', source: 'print/printers/p/jobs/5182/documents/d' };
  const content = Readable.from([Buffer.from('text')]) as AsyncIterable<Buffer>;
  const { sha256 } = await documents.store('t/p/5182/d', content, facts, new AbortController().signal);
  expect(await container.getBlobClient('t/p/5182/d').getProperties()).toMatchObject({
    contentType: 'application/pdf',
    contentDisposition: 'attachment',
    metadata: { sha256, size: '4', source: facts.source },
  });
});

describe('Azure container', () => {
  it('distinguishes a missing container from a missing blob', async () => {
    const blobs = (await openBlobs({ connectionString: azurite.connectionString }))('missing');
    const expected = {
      code: 'blobsUnavailable',
      retryable: true,
      message: expect.stringMatching(/Blob storage .*404.*container is missing/) as string,
    };
    await expect(blobs.read('a', { mostBytes: 10 })).rejects.toMatchObject(expected);
    await expect(blobs.write('a', 'x')).rejects.toMatchObject(expected);
  });

  it('names the missing right when it is refused', async () => {
    const wrongKey = Buffer.alloc(64, 1).toString('base64');
    const connectionString = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${wrongKey}`);
    const blobs = (await openBlobs({ connectionString }))('config');
    await expect(blobs.read('a', { mostBytes: 10 })).rejects.toMatchObject({
      code: 'blobsUnavailable',
      message: expect.stringMatching(/403.*AzureWebJobsStorage.*Storage Blob Data Contributor/) as string,
    });
  });
});

describe('Azure queue', () => {
  it('shows the text of a message that nobody encoded as it is', async () => {
    const { client } = await openQueue();
    const service = await openQueues({ connectionString: azurite.connectionString });
    await client.sendMessage('{"plain":"text"}');
    expect(await service.contents(client.name).take(30)).toMatchObject([{ text: '{"plain":"text"}' }]);
  });

  it('sends messages that never expire, in base64 as host.json says', async () => {
    const { client, queue } = await openQueue();
    await queue.send('text');
    const [message] = (await client.receiveMessages()).receivedMessageItems;
    expect(message?.messageText).toBe('dGV4dA==');
    expect(message?.expiresOn.getUTCFullYear()).toBe(9999);
  });

  it('rejects with queueUnavailable when the queue does not exist: messages wait until it is created', async () => {
    const service = await openQueues({ connectionString: azurite.connectionString });
    await expect(service.queue('missing', PATIENCE).send('x')).rejects.toMatchObject({
      code: 'queueUnavailable',
    });
  });
});

describe('Azure table', () => {
  const row = { partitionKey: 'p', rowKey: 'r' };

  it('tells a table that does not exist from a row that does not', async () => {
    const { connectionString } = azurite;
    const table = (await openTables({ connectionString }))('Missing');
    const expected = { code: 'storageUnavailable', retryable: true };
    await expect(table.insert(row)).rejects.toMatchObject(expected);
    await expect(table.get('p', 'r')).rejects.toMatchObject(expected);
    await expect(table.replace(row, 'W/"x"')).rejects.toMatchObject(expected);
    await expect(table.replaceEach([{ row, etag: 'W/"x"' }])).rejects.toMatchObject(expected);
    await expect(table.write([{ insert: row }])).rejects.toMatchObject(expected);
    await expect(table.remove('p', 'r', 'W/"x"')).rejects.toMatchObject(expected);
    await expect(table.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(expected);
  });

  it('names the missing right when it is refused', async () => {
    const wrongKey = Buffer.alloc(64, 1).toString('base64');
    const connectionString = azurite.connectionString.replace(/AccountKey=[^;]+/, `AccountKey=${wrongKey}`);
    const table = (await openTables({ connectionString }))('Tenants');
    await expect(table.get('p', 'r')).rejects.toMatchObject({
      code: 'storageUnavailable',
      message: expect.stringMatching(/403.*AzureWebJobsStorage.*Storage Table Data Contributor/) as string,
    });
  });
});

it('reads a row that another tool has written with types of its own (case 08)', async () => {
  const { connectionString } = azurite;
  const options = { allowInsecureConnection: true };
  await TableServiceClient.fromConnectionString(connectionString, options).createTable('Retyped');
  const since = { type: 'DateTime', value: '2026-11-22T00:00:00Z' };
  await TableClient.fromConnectionString(connectionString, 'Retyped', options).createEntity({
    partitionKey: 't',
    rowKey: 'jobFetchable_p',
    status: 'active',
    since,
    expirationDateTime: since,
    generation: { type: 'Int64', value: '5' },
    wanted: 'false',
    subscriptionId: { type: 'Guid', value: '0b5a3c1e-1111-4222-8333-444455556666' },
  });
  const watches = createWatches((await openTables({ connectionString }))('Retyped'));
  expect((await watches.get({ tenantId: 't', kind: 'jobFetchable', id: 'p' }))?.watch).toMatchObject({
    since: '2026-11-22T00:00:00.000Z',
    expirationDateTime: '2026-11-22T00:00:00.000Z',
    generation: 5,
    wanted: false,
    subscriptionId: '0b5a3c1e-1111-4222-8333-444455556666',
  });
});

it('opens queues and tables by a shared access signature with endpoints (case 24)', async () => {
  const { connectionString } = azurite;
  const part = (name: string) => new RegExp(`${name}=([^;]+)`).exec(connectionString)?.[1] ?? '';
  const service = QueueServiceClient.fromConnectionString(connectionString);
  await service.getQueueClient('by-signature').create();
  await TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true }).createTable(
    'BySas',
  );
  const signature = generateAccountSASQueryParameters(
    {
      expiresOn: new Date(Date.now() + 600_000),
      permissions: AccountSASPermissions.parse('rwdlacup'),
      resourceTypes: 'sco',
      services: 'qt',
    },
    new StorageSharedKeyCredential(part('AccountName'), part('AccountKey')),
  );
  const endpoints = ['BlobEndpoint', 'QueueEndpoint', 'TableEndpoint'].map((name) => `${name}=${part(name)}/`);
  const checked = checkConnectionString([...endpoints, `SharedAccessSignature=${signature.toString()}`].join(';'));
  if ('problem' in checked) throw new Error(checked.problem);
  const storage = { connectionString: checked.value.connectionString };
  await (await openQueues(storage)).queue('by-signature', PATIENCE).send('text');
  expect(await (await openQueues(storage)).contents('by-signature').count()).toBe(1);
  const table = (await openTables(storage))('BySas');
  await table.insert({ partitionKey: 'p', rowKey: 'r', text: 'x' });
  expect((await table.get('p', 'r'))?.cells['text']).toBe('x');
});
