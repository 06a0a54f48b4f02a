import { isRecord, parseId, parseText } from '../../parse';
import { isLoopback } from '../../settings/clouds';
import type { CallGraph } from '../client';
import { GraphError, unreadableAnswer } from '../errors';
import { jobAt, readJob } from './printJobs';

/** A document of a job (resources/printdocument.md). */
export interface PrintDocument {
  id: string;
  contentType: string;
}

export interface DocumentKey {
  tenantId: string;
  printerId: string;
  jobId: string;
  documentId: string;
}

const READ_DOCUMENTS = 'PrintJob.Read.All';

/**
 * The documents of a job, one today. A document without a usable id is left out.
 *
 * @throws GraphError as `callGraph`, and `documentUnavailable` when Graph does not show the job or none of its documents
 */
export async function listDocuments(
  callGraph: CallGraph,
  key: Omit<DocumentKey, 'documentId'>,
): Promise<PrintDocument[]> {
  const job = await readJob(callGraph, key, 'documents');
  const listed = typeof job === 'string' ? [] : (job.documents ?? []);
  const documents = listed.flatMap((item): PrintDocument[] => {
    const { id, contentType } = isRecord(item) ? item : {};
    const known = parseId(id);
    return known === undefined ? [] : [{ id: known, contentType: parseText(contentType) }];
  });
  if (documents.length > 0) return documents;
  const what = typeof job === 'string' ? 'the job' : 'a document of the job';
  throw new GraphError('documentUnavailable', `Graph does not show ${what}`, {
    remedy: 'It was deleted, or its printer has printed it already.',
  });
}

/**
 * GET /print/printers/{id}/jobs/{id}/documents/{id}/$value (api/printdocument-get-file.md): the pre-authenticated address of
 * the content. Anyone who has it can read the document, so it is never logged.
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable` for an address that is not https, loopback aside
 */
export async function locateDocument(callGraph: CallGraph, key: DocumentKey): Promise<string> {
  const { tenantId } = key;
  const path = `${documentPath(key)}/$value`;
  const { permission } = jobAt(key, READ_DOCUMENTS);
  const { location = '' } = await callGraph({ tenantId, method: 'GET', path, permission, alsoAnswer: 302 });
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(location))) return location;
  throw unreadableAnswer('a document without an https address', path);
}

/** The path of a document, on a printer or a pull print printer. */
export function documentPath(key: Omit<DocumentKey, 'tenantId'>): string {
  return `${jobAt(key, READ_DOCUMENTS).path}/documents/${encodeURIComponent(key.documentId)}`;
}
