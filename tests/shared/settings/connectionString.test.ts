import fc from 'fast-check';
import { TableClient, TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { readCase } from '../../support/readCase';
import { checkConnectionString, isDevelopmentAccount } from '../../../shared/settings/connectionString';

const KEY = Buffer.from('an account key of the tests').toString('base64');
const SAS = 'sv=2024-08-04&ss=qt&srt=sco&sp=rwdlacup&se=2027-01-01T00:00:00Z&sig=abc%3D';
const AZURE_BLOB = 'BlobEndpoint=https://acc.blob.core.windows.net/;';
const AZURE = {
  blobEndpoint: 'https://acc.blob.core.windows.net',
  queueEndpoint: 'https://acc.queue.core.windows.net',
  tableEndpoint: 'https://acc.table.core.windows.net',
};
const LOCAL = {
  blobEndpoint: 'http://127.0.0.1:10000/devstoreaccount1',
  queueEndpoint: 'http://127.0.0.1:10001/devstoreaccount1',
  tableEndpoint: 'http://127.0.0.1:10002/devstoreaccount1',
};

// https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
it.each([
  ['UseDevelopmentStorage=true', LOCAL],
  ['UseDevelopmentStorage=True', LOCAL],
  ['usedevelopmentstorage=true;', LOCAL],
  [`DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=${KEY};EndpointSuffix=core.windows.net`, AZURE],
  [`accountname=acc;accountkey=${KEY}`, AZURE],
  [`AccountName=acc;SharedAccessSignature=${SAS}`, AZURE],
  [`AccountName=acc;SharedAccessSignature=?${SAS}`, AZURE],
  [
    `BlobEndpoint=https://acc.blob.core.windows.net/;QueueEndpoint=https://acc.queue.core.windows.net/;FileEndpoint=https://acc.file.core.windows.net/;TableEndpoint=https://acc.table.core.windows.net/;SharedAccessSignature=${SAS}`,
    AZURE,
  ],
  [
    `AccountName=acc;AccountKey=${KEY};EndpointSuffix=core.usgovcloudapi.net`,
    {
      blobEndpoint: 'https://acc.blob.core.usgovcloudapi.net',
      queueEndpoint: 'https://acc.queue.core.usgovcloudapi.net',
      tableEndpoint: 'https://acc.table.core.usgovcloudapi.net',
    },
  ],
])('%s is accepted, and the SDKs open what it says', (text, endpoints) => {
  const checked = checkConnectionString(text);
  if ('problem' in checked) throw new Error(checked.problem);
  const { connectionString, ...found } = checked.value;
  expect(found).toEqual(endpoints);
  const withoutQuery = (url: string) => url.replace(/\?.*/, '').replace(/\/$/, '');
  expect(withoutQuery(QueueServiceClient.fromConnectionString(connectionString).url)).toBe(endpoints.queueEndpoint);
  expect(withoutQuery(BlobServiceClient.fromConnectionString(connectionString).url)).toBe(endpoints.blobEndpoint);
  const table = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
  expect(withoutQuery(table.url)).toBe(endpoints.tableEndpoint);
});

it.each([
  [`${AZURE_BLOB}QueueEndpoint=https://acc.queue.core.windows.net/;SharedAccessSignature=${SAS}`, 'TableEndpoint'],
  [`${AZURE_BLOB}TableEndpoint=https://acc.table.core.windows.net/;SharedAccessSignature=${SAS}`, 'QueueEndpoint'],
  [`QueueEndpoint=https://acc.queue.core.windows.net/;SharedAccessSignature=${SAS}`, 'BlobEndpoint'],
  ['AccountName=acc', 'neither AccountKey nor SharedAccessSignature'],
  [`AccountKey=${KEY}`, 'AccountKey and no AccountName'],
  ['AccountName=acc;AccountKey=<key>', 'AccountKey that is not base64'],
  [`AccountName=an account;AccountKey=${KEY}`, 'AccountName'],
  [`DefaultEndpointsProtocol=http;AccountName=acc;AccountKey=${KEY}`, 'without https'],
  [`AccountName=acc;AccountKey=${KEY};TableEndpoint=http://acc.table.core.windows.net`, 'without https'],
  [
    `AccountName=acc;AccountKey=${KEY};TableEndpoint=acc.table.core.windows.net`,
    'TableEndpoint that is not an address',
  ],
  [`AccountName=acc;AccountKey=${KEY};TableEndpoint=https://[x`, 'TableEndpoint that is not an address'],
  [`AccountName=acc;AccountKey=${KEY};BlobEndpoint=http://127.0.0.1:1`, 'BlobEndpoint without the account'],
  ['UseDevelopmentStorage=yes', 'set it to UseDevelopmentStorage=true'],
  ['UseDevelopmentStorage=false', 'set it to UseDevelopmentStorage=true'],
  ['UseDevelopmentStorage', 'UseDevelopmentStorage=true'],
  ['nonsense', 'not a connection string: copy it from Access keys or Shared access signature, such as Default'],
  ['https://acc.queue.core.windows.net', 'not a connection string'],
  ['UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://10.0.0.1', 'DevelopmentStorageProxyUri'],
  ['acc.queue.core.windows.net', 'not a connection string'],
  [';', 'not a connection string'],
])('%s is refused: %s', (text, problem) => {
  expect(checkConnectionString(text)).toEqual({ problem: expect.stringContaining(problem) as string });
});

it('forms of public reports (24) are accepted where both SDKs can work with them', () => {
  const outcomes = readCase<string[]>('24-connection-strings.json').map((text) => {
    const checked = checkConnectionString(text.replace('<sas>', SAS).replace('<key>', KEY));
    return 'problem' in checked ? checked.problem : checked.value.queueEndpoint;
  });
  expect(outcomes).toEqual([
    LOCAL.queueEndpoint,
    LOCAL.queueEndpoint,
    AZURE.queueEndpoint,
    expect.stringMatching(/^has neither BlobEndpoint nor AccountName: /),
    AZURE.queueEndpoint,
  ]);
});

it('knows the account of Azurite at every address', () => {
  const isDevelopment = (text: string) => {
    const checked = checkConnectionString(text);
    return 'value' in checked && isDevelopmentAccount(checked.value);
  };
  expect(isDevelopment('UseDevelopmentStorage=true')).toBe(true);
  expect(isDevelopment(`AccountName=devstoreaccount1;AccountKey=${KEY};EndpointSuffix=core.windows.net`)).toBe(true);
  expect(isDevelopment(`AccountName=acc;AccountKey=${KEY}`)).toBe(false);
});

it('every text that is accepted is opened by the SDKs, whatever its parts', () => {
  const text = (...values: string[]) => fc.constantFrom('', ...values);
  const parts = fc.record({
    DefaultEndpointsProtocol: text('https', 'http', 'ftp', 'HTTPS'),
    AccountName: text('acc', 'a', 'an account', 'devstoreaccount1', 'x/y', 'acc.b'),
    AccountKey: text(KEY, 'a2V5', 'nonsense', '='),
    SharedAccessSignature: text(SAS, '?sv=1', 'nonsense'),
    EndpointSuffix: text('core.windows.net', '/', 'a b', ':1'),
    BlobEndpoint: text('https://acc.blob.core.windows.net', 'https://1.2.3.4', 'http://localhost:1/a', 'https://'),
    QueueEndpoint: text('https://acc.queue.core.windows.net/', 'https://x', 'http://127.0.0.1:1', 'http://[::1]:1/a'),
    TableEndpoint: text('https://acc.table.core.windows.net', 'nonsense', 'http://127.0.0.1:2/a', 'https://[::2]/'),
  });
  fc.assert(
    fc.property(parts, (chosen) => {
      const given = Object.entries(chosen).filter(([, value]) => value !== '');
      const checked = checkConnectionString(given.map(([name, value]) => `${name}=${value}`).join(';'));
      if ('problem' in checked) return;
      const { connectionString } = checked.value;
      QueueServiceClient.fromConnectionString(connectionString).getQueueClient('queue');
      BlobServiceClient.fromConnectionString(connectionString).getContainerClient('container');
      TableClient.fromConnectionString(connectionString, 'table', { allowInsecureConnection: true });
    }),
    { numRuns: 3_000 },
  );
});
