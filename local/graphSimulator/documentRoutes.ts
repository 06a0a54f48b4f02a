import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { notFound } from './graphCall';
import { withJob } from './jobRoutes';
import { viewDocument } from './jobView';
import { pageOfList } from './pageOfList';
import { access, scopes } from './permissions';
import type { Reply } from './reply';
import type { Route } from './routes';
import type { Simulation } from './simulation';

// How long a download URL lives is not documented; an hour is what such URLs of Graph usually have.
const DOWNLOAD_LIFETIME_MS = 60 * 60 * 1000;
const PIECE = Buffer.alloc(64 * 1024, '%PDF-simulated ');

/** Documents of a job and their content. */
export const documentRoutes: readonly Route[] = [
  {
    method: 'GET',
    template: '/print/printers/{printerId}/jobs/{jobId}/documents',
    access: access.readJob,
    scopes: scopes.readJobs,
    page: 'printjob-list-documents.md',
    handle: withJob(({ job }, call) => pageOfList(call, job.documents, viewDocument)),
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}/jobs/{jobId}/documents/{documentId}',
    access: access.readJob,
    scopes: scopes.readJobs,
    page: 'printdocument-get.md',
    handle: withJob(({ job }, call) => {
      const document = job.documents.find(({ id }) => id === call.params['documentId']);
      return document ? { status: 200, body: viewDocument(document) } : notFound(call, 'The document');
    }),
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}/jobs/{jobId}/documents/{documentId}/$value',
    access: access.readPayload,
    page: 'printdocument-get-file.md',
    handle: withJob(({ job }, call) => {
      const { simulation } = call;
      const document = job.documents.find(({ id }) => id === call.params['documentId']);
      if (!document) return notFound(call, 'The document');
      const id = randomUUID();
      const token = randomBytes(24).toString('base64url');
      const expiresAt = simulation.now() + DOWNLOAD_LIFETIME_MS;
      simulation.world.downloads.set(id, { document, token, expiresAt });
      return {
        status: 302,
        headers: { location: `${simulation.graphUrl}/downloads/${id}?tempauthtoken=${token}` },
      };
    }),
  },
];

/** Serves a pre-authenticated URL; a request that brings an Authorization header is refused (api/printdocument-get-file.md). */
export function serveDownload(
  simulation: Simulation,
  request: { path: string; query: URLSearchParams; authorization: string | undefined },
): Reply {
  const id = request.path.split('/')[2] ?? '';
  const download = simulation.world.downloads.get(id);
  if (request.authorization !== undefined) return { status: 401 };
  if (!download || request.query.get('tempauthtoken') !== download.token) return { status: 404 };
  if (download.expiresAt <= simulation.now()) {
    simulation.world.downloads.delete(id);
    return { status: 404 };
  }
  const { size, contentType } = download.document;
  download.document.downloadedAt = simulation.now();
  return {
    status: 200,
    headers: { 'content-type': contentType, 'content-length': String(size) },
    stream: Readable.from(piecesOf(size)),
  };
}

function* piecesOf(size: number): Generator<Buffer> {
  for (let left = size; left > 0; left -= PIECE.length) yield PIECE.subarray(0, Math.min(left, PIECE.length));
}
