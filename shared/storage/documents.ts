import { createHash, randomBytes } from 'node:crypto';
import { RestError, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';
import type { BlobStorageConfig } from '../config';
import { CONTAINER_NAMES } from './account';
import { inTime, openBlobService } from './blobs';
import { toStorageError } from './errors';

/** What is stored of a document. */
export interface StoredDocument {
  /** Bytes. */
  size: number;
  /** Of the content, in hexadecimal. */
  sha256: string;
}

export interface DocumentFacts {
  contentType: string;
  /** Where the document comes from, as a path of Graph. */
  source: string;
}

/** A document in a listing. */
export interface ListedDocument {
  name: string;
  /** When it was stored, by the clock of the service; milliseconds since 1970. */
  storedAt: number;
}

/** The container of archived documents. A blob is whole or absent, and never overwritten. */
export interface DocumentContainer {
  /** Undefined when there is none. */
  find(name: string): Promise<StoredDocument | undefined>;
  /**
   * Stores a document while it is read. Of two runs that store the same name, the first decides what is stored.
   *
   * @throws what reading `content` throws, and ReceiverError `blobsUnavailable`
   */
  store(
    name: string,
    content: AsyncIterable<Buffer>,
    facts: DocumentFacts,
    signal: AbortSignal,
  ): Promise<StoredDocument>;
  /** The documents whose names begin with `prefix`, in the order of their names. @throws ReceiverError `blobsUnavailable` */
  list(prefix: string): AsyncIterable<ListedDocument>;
  /** False when there was none. @throws ReceiverError `blobsUnavailable` */
  remove(name: string): Promise<boolean>;
}

/**
 * Two blocks that are staged and one that is filled: 12 MiB for a document, 48 MiB for the four of an instance. A blob has 50,000
 * blocks at most (Scalability and performance targets for Blob storage), so that 195 GiB fit.
 */
const BLOCK_BYTES = 4 * 1024 * 1024;
const BLOCKS_AT_ONCE = 2;

/** Opens the container of documents of the storage account in the settings. */
export async function openDocuments(storage: BlobStorageConfig): Promise<DocumentContainer> {
  const service = await openBlobService(storage);
  return createAzureDocuments(service.getContainerClient(CONTAINER_NAMES.documents));
}

/** An Azure container behind the interface. */
export function createAzureDocuments(container: ContainerClient): DocumentContainer {
  const find: DocumentContainer['find'] = async (name) => {
    try {
      const blob = container.getBlobClient(name);
      const { metadata = {}, contentLength = 0 } = await inTime((abortSignal) => blob.getProperties({ abortSignal }));
      return { size: contentLength, sha256: metadata['sha256'] ?? '' };
    } catch (error) {
      if (error instanceof RestError && error.statusCode === 404 && error.code !== 'ContainerNotFound')
        return undefined;
      throw toStorageError(error, 'blobsUnavailable', container.url);
    }
  };
  const orUnavailable = async <T>(call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await inTime(call);
    } catch (error) {
      throw toStorageError(error, 'blobsUnavailable', container.url);
    }
  };
  return {
    find,
    async store(name, content, { contentType, source }, signal) {
      const blob = container.getBlockBlobClient(name);
      const hash = createHash('sha256');
      // The blocks of a run that ended early stay uncommitted under other ids, and the service deletes them after a week.
      const run = randomBytes(8).toString('hex');
      const ids: string[] = [];
      let size = 0;
      const staging = createStaging(blob, signal);
      for await (const block of inBlocks(content)) {
        hash.update(block);
        size += block.length;
        const id = Buffer.from(`${run}-${String(ids.length).padStart(6, '0')}`).toString('base64');
        ids.push(id);
        await staging.add(id, block);
      }
      await staging.settle();
      const sha256 = hash.digest('hex');
      try {
        await blob.commitBlockList(ids, {
          abortSignal: signal,
          conditions: { ifNoneMatch: '*' },
          metadata: { sha256, size: String(size), source },
          blobHTTPHeaders: { blobContentType: contentType, blobContentDisposition: 'attachment' },
        });
        return { size, sha256 };
      } catch (error) {
        const exists = error instanceof RestError && (error.statusCode === 409 || error.statusCode === 412);
        const stored = exists ? await find(name) : undefined;
        if (stored) return stored;
        throw toStorageError(error, 'blobsUnavailable', container.url);
      }
    },
    async *list(prefix) {
      const pages = container.listBlobsFlat({ prefix }).byPage();
      for (;;) {
        const page = await orUnavailable(() => pages.next());
        if (page.done) return;
        for (const { name, properties } of page.value.segment.blobItems) {
          // The service sets both when a blob is created, and nothing changes a document later.
          yield { name, storedAt: (properties.createdOn ?? properties.lastModified).getTime() };
        }
      }
    },
    async remove(name) {
      const blob = container.getBlobClient(name);
      const options = { deleteSnapshots: 'include' } as const;
      return (await orUnavailable((abortSignal) => blob.deleteIfExists({ ...options, abortSignal }))).succeeded;
    },
  };
}

/** Sends blocks side by side. An error of one is thrown by the next step. */
function createStaging(blob: BlockBlobClient, signal: AbortSignal) {
  const underWay = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  const throwFailure = () => {
    if (failure) throw toStorageError(failure.error, 'blobsUnavailable', blob.url);
  };
  return {
    async add(id: string, block: Buffer): Promise<void> {
      while (underWay.size >= BLOCKS_AT_ONCE) await Promise.race(underWay);
      throwFailure();
      const sending: Promise<void> = blob
        .stageBlock(id, block, block.length, { abortSignal: signal })
        .then(
          () => undefined,
          (error: unknown) => void (failure ??= { error }),
        )
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    async settle(): Promise<void> {
      await Promise.all(underWay);
      throwFailure();
    },
  };
}

/** The content in blocks of one size. */
async function* inBlocks(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let block = Buffer.allocUnsafe(BLOCK_BYTES);
  let filled = 0;
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length;) {
      const copied = chunk.copy(block, filled, from);
      from += copied;
      filled += copied;
      if (filled < BLOCK_BYTES) continue;
      yield block;
      // The block is on its way to the service.
      block = Buffer.allocUnsafe(BLOCK_BYTES);
      filled = 0;
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
