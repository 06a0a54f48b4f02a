import { BlobServiceClient, RestError, type ContainerClient } from '@azure/storage-blob';
import { untilAborted } from '../concurrency';
import type { BlobStorageConfig } from '../config';
import { openOwnIdentity } from './account';
import { toStorageError } from './errors';

/** A blob of text as it was read. */
export interface StoredText {
  text: string;
  etag: string;
}

/** One container of small blobs of text. When a write rejects, its outcome is unknown. */
export interface BlobContainer {
  /**
   * Reads a blob: undefined when there is none, `unchanged` when it still has the ETag `unless`.
   *
   * @param mostBytes of a larger blob, only the beginning is read, a little more than this
   */
  read(name: string, options: { mostBytes: number; unless?: string }): Promise<StoredText | 'unchanged' | undefined>;
  /**
   * Writes a whole blob. The new ETag, or undefined when the blob has changed since `etag`, is gone, or, without `etag`,
   * exists already.
   */
  write(name: string, text: string, etag?: string): Promise<string | undefined>;
  /** Deletes a blob of any version. False when there is none. */
  remove(name: string): Promise<boolean>;
}

/** One call with the retries of the client, as for tables. */
const BLOB_CALL_TIMEOUT_MS = 15_000;

/** Opens the blob containers of the storage account in the settings, by name. */
export async function openBlobs(storage: BlobStorageConfig): Promise<(name: string) => BlobContainer> {
  const service = await openBlobService(storage);
  return (name) => createAzureContainer(service.getContainerClient(name));
}

/** The blob service of an account: by connection string, or as the managed identity of the app. */
export async function openBlobService(storage: BlobStorageConfig): Promise<BlobServiceClient> {
  return 'connectionString' in storage
    ? BlobServiceClient.fromConnectionString(storage.connectionString)
    : new BlobServiceClient(storage.blobServiceUri, await openOwnIdentity(storage));
}

/** One call that does not transfer a document, ended when the service is silent for too long. */
export function inTime<T>(call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(BLOB_CALL_TIMEOUT_MS);
  return untilAborted(signal, call(signal));
}

/**
 * An Azure container behind the interface. Its calls reject with ReceiverError `blobsUnavailable` when the service is
 * unavailable for now, refuses the app, or has no such container.
 */
export function createAzureContainer(client: ContainerClient): BlobContainer {
  return {
    async read(name, { mostBytes, unless }) {
      const conditions = unless === undefined ? {} : { conditions: { ifNoneMatch: unless } };
      try {
        return await inTime(async (abortSignal) => {
          const { readableStreamBody, etag } = await client.getBlobClient(name).download(0, undefined, {
            abortSignal,
            ...conditions,
          });
          return { text: await readText(readableStreamBody, mostBytes), etag: etag ?? '' };
        });
      } catch (error) {
        if (hasCode(error, 'BlobNotFound')) return undefined;
        // Not modified: the answer has no body, and so no code of its own.
        if (error instanceof RestError && error.statusCode === 304) return 'unchanged';
        throw toStorageError(error, 'blobsUnavailable', client.url);
      }
    },
    async write(name, text, etag) {
      const body = Buffer.from(text, 'utf8');
      const conditions = etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag };
      const blobHTTPHeaders = { blobContentType: 'application/json; charset=utf-8' };
      try {
        const blob = client.getBlockBlobClient(name);
        const options = { conditions, blobHTTPHeaders };
        return (await inTime((abortSignal) => blob.upload(body, body.length, { ...options, abortSignal }))).etag;
      } catch (error) {
        if (hasCode(error, 'BlobAlreadyExists') || hasCode(error, 'ConditionNotMet')) return undefined;
        throw toStorageError(error, 'blobsUnavailable', client.url);
      }
    },
    async remove(name) {
      try {
        return (await inTime((abortSignal) => client.getBlobClient(name).deleteIfExists({ abortSignal }))).succeeded;
      } catch (error) {
        throw toStorageError(error, 'blobsUnavailable', client.url);
      }
    },
  };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof RestError && error.code === code;
}

/** The text of a stream up to the first chunk beyond `mostBytes`. Leaving the loop closes the connection. */
async function readText(stream: AsyncIterable<string | Buffer> | undefined, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream ?? []) {
    chunks.push(Buffer.from(chunk));
    bytes += chunk.length;
    if (bytes > mostBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
