import type { CallGraph } from '../graph/client';
import {
  documentPath,
  listDocuments,
  locateDocument,
  type DocumentKey,
  type PrintDocument,
} from '../graph/api/documents';
import { ReceiverError } from '../errors';
import { CONTAINER_NAMES } from '../storage/account';
import type { DocumentContainer, StoredDocument } from '../storage/documents';
import type { OpenDownload } from './download';

export interface StoreDeps {
  callGraph: CallGraph;
  openDownload: OpenDownload;
  documents: DocumentContainer;
}

/** An archived document, as the row and the event name it. */
export interface ArchivedDocument extends StoredDocument {
  documentId: string;
  container: string;
  blob: string;
  contentType: string;
  /** Where it comes from, as a path of Graph. */
  source: string;
}

/** Fresh addresses in one run. */
const MOST_ADDRESSES = 3;

/** A browser that opens an archived document shows none of another type: what a printer takes, and nothing that runs. */
const KNOWN_TYPES = new Set([
  'application/oxps',
  'application/pdf',
  'application/postscript',
  'application/vnd.hp-pcl',
  'application/vnd.ms-xpsdocument',
  'image/jpeg',
  'image/pwg-raster',
  'image/tiff',
  'image/urf',
]);

/**
 * Stores every document of a job. One that is stored already is not read again, so a run that takes over continues.
 *
 * @throws GraphError, ReceiverError `downloadBroken` when each of the addresses broke, `blobsUnavailable`
 */
export async function storeDocuments(
  deps: StoreDeps,
  job: Omit<DocumentKey, 'documentId'>,
  signal: AbortSignal,
): Promise<ArchivedDocument[]> {
  const archived: ArchivedDocument[] = [];
  for (const document of await listDocuments(deps.callGraph, job)) {
    archived.push(await storeDocument(deps, { ...job, documentId: document.id }, document, signal));
  }
  return archived;
}

async function storeDocument(
  { callGraph, openDownload, documents }: StoreDeps,
  key: DocumentKey,
  { contentType: sent }: PrintDocument,
  signal: AbortSignal,
): Promise<ArchivedDocument> {
  const { tenantId, printerId, jobId, documentId } = key;
  const blob = `${tenantId}/${printerId}/${jobId}/${documentId}`;
  const type = sent.toLowerCase();
  const contentType = KNOWN_TYPES.has(type) ? type : 'application/octet-stream';
  const source = documentPath(key).slice(1);
  const named = { documentId, container: CONTAINER_NAMES.documents, blob, contentType, source };
  const known = await documents.find(blob);
  if (known) return { ...named, ...known };
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    const address = await locateDocument(callGraph, key);
    try {
      const { content } = await openDownload(address, signal);
      return { ...named, ...(await documents.store(blob, content, { contentType, source }, signal)) };
    } catch (error) {
      // Whichever step was interrupted, the reason is the same.
      signal.throwIfAborted();
      const isBroken = error instanceof ReceiverError && error.code === 'downloadBroken';
      if (!isBroken || tries >= MOST_ADDRESSES) throw error;
    }
  }
}
