import { Readable } from 'node:stream';
import { RestError, type ContainerClient } from '@azure/storage-blob';
import { createAzureContainer, openBlobs } from '../../../shared/storage/blobs';

/** What the contract suites cannot bring about on Azurite: a service that is out of order, and its rarer answers. */
function containerWith({ download, upload }: { download?: () => Promise<unknown>; upload?: () => Promise<unknown> }) {
  const blob = { download, upload };
  return createAzureContainer({
    url: 'https://a.blob.core.windows.net/config',
    getBlobClient: () => blob,
    getBlockBlobClient: () => blob,
  } as unknown as ContainerClient);
}
const failing = (error: unknown) => () => Promise.reject(error instanceof Error ? error : new Error('x'));
const MOST = { mostBytes: 10 };

test.each([
  ['no connection', new RestError('getaddrinfo', { code: 'REQUEST_SEND_ERROR' })],
  ['no answer in time', Object.assign(new Error('x'), { name: 'TimeoutError' })],
  ['503', new RestError('busy', { statusCode: 503 })],
  ['403', new RestError('no', { statusCode: 403, code: 'AuthorizationFailure' })],
  ['a missing container', new RestError('no', { statusCode: 404, code: 'ContainerNotFound' })],
])('%s is an outage: blobsUnavailable, retryable, with the address', async (_name, error) => {
  const blobs = containerWith({ download: failing(error), upload: failing(error) });
  const expected = {
    code: 'blobsUnavailable',
    retryable: true,
    message: expect.stringContaining('Blob storage at https://a.blob.core.windows.net/config') as string,
  };
  await expect(blobs.read('a', MOST)).rejects.toMatchObject(expected);
  await expect(blobs.write('a', 'x')).rejects.toMatchObject(expected);
});

test('what is no answer about the blob is passed on', async () => {
  const error = new RestError('bad', { statusCode: 400, code: 'InvalidHeaderValue' });
  const blobs = containerWith({ download: failing(error), upload: failing(error) });
  await expect(blobs.read('a', MOST)).rejects.toBe(error);
  await expect(blobs.write('a', 'x')).rejects.toBe(error);
});

test('answers about the blob are outcomes', async () => {
  const readOf = (error: RestError) =>
    containerWith({ download: failing(error) }).read('a', { ...MOST, unless: '"1"' });
  expect(await readOf(new RestError('no', { statusCode: 404, code: 'BlobNotFound' }))).toBeUndefined();
  expect(await readOf(new RestError('same', { statusCode: 304 }))).toBe('unchanged');
  for (const code of ['BlobAlreadyExists', 'ConditionNotMet']) {
    const blobs = containerWith({ upload: failing(new RestError('no', { statusCode: 412, code })) });
    expect(await blobs.write('a', 'x', '"1"')).toBeUndefined();
  }
});

test('a blob is read no further than the first chunk beyond the limit', async () => {
  const body = (...chunks: (Buffer | string)[]) => Readable.from(chunks);
  const readOf = (readableStreamBody?: Readable, etag?: string) =>
    containerWith({ download: () => Promise.resolve({ readableStreamBody, etag }) }).read('a', MOST);
  expect(await readOf(body(Buffer.from('12345'), '678901', 'never read'), '"1"')).toEqual({
    text: '12345678901',
    etag: '"1"',
  });
  expect(await readOf()).toEqual({ text: '', etag: '' });
  expect(await containerWith({ upload: () => Promise.resolve({ etag: '"2"' }) }).write('a', 'x')).toBe('"2"');
});

test('is opened by connection string or identity', async () => {
  const uris = {
    blobServiceUri: 'https://a.blob.core.windows.net',
    queueServiceUri: 'https://a.queue.core.windows.net',
    tableServiceUri: 'https://a.table.core.windows.net',
  };
  expect((await openBlobs(uris))('config')).toHaveProperty('read');
  const key = Buffer.from('key').toString('base64');
  expect(
    (
      await openBlobs({
        connectionString: `DefaultEndpointsProtocol=https;AccountName=abc;AccountKey=${key};EndpointSuffix=core.windows.net`,
      })
    )('config'),
  ).toHaveProperty('read');
});
