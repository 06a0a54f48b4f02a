import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { performOrFail } from '../faults/performOrFail';
import { notFound, Refusal, refusalOf } from '../http/readRequest';
import type { Answer, Reply } from '../http/server';
import { access } from '../signIn/permissions';
import { documentContent } from '../world/documentContent';
import type { Download, Simulation } from '../world/simulation';
import { route, type GraphCall, type Route } from './graphCall';
import { JOB, jobOf, PULL_PRINT_JOB } from './jobs';

const CONTENT = '/documents/{documentId}/$value';

/** The read of a document: a redirect to a pre-authenticated address, which has the content. */
export const documentRoutes: readonly Route[] = [
  route(`GET ${JOB}${CONTENT}`, 'printdocument-get-file.md', access.readPayload, locate),
  route(`GET ${PULL_PRINT_JOB}${CONTENT}`, 'printdocument-get-file.md', access.readPullPrintPayload, locate),
];

function locate(call: GraphCall): Reply {
  const { world, now, graphUrl, variants } = call.simulation;
  const job = jobOf(call);
  if (job.state === 'paused') refuseBeforeRelease(call);
  const document = job.documents.find(({ id }) => id === call.params['documentId']);
  if (!document) throw notFound('The document');
  const token = randomBytes(24).toString('base64url');
  const path = `/downloads/${randomUUID()}`;
  const { tenantId } = job;
  world.downloads.set(token, { tenantId, path, document, expiresAt: now() + variants.downloadLifetimeMs });
  return { status: 302, headers: { location: `${graphUrl}${path}?tempauthtoken=${token}` } };
}

function refuseBeforeRelease({ simulation: { variants } }: GraphCall): void {
  const answers = { shown: undefined, forbidden: 403, notFound: 404, conflict: 409 } as const;
  const status = answers[variants.documentBeforeRelease];
  if (status === 404) throw notFound('The document');
  if (status !== undefined) throw new Refusal(status, 'accessDenied', 'The job is not ready for download.');
}

/** Whether a path is one of the pre-authenticated addresses. */
export function isDownload(path: string): boolean {
  return path.startsWith('/downloads/');
}

/**
 * Answers a pre-authenticated address. A request with an Authorization header is refused (api/printdocument-get-file.md). The
 * report shows its path without the token.
 */
export async function answerDownload(
  simulation: Simulation,
  url: URL,
  authorization: string | undefined,
): Promise<Answer> {
  const { world, now, variants, calls } = simulation;
  const token = url.searchParams.get('tempauthtoken') ?? '';
  const download = world.downloads.get(token);
  const { tenantId } = download ?? {};
  const record = calls.start({
    target: 'download',
    method: 'GET',
    path: url.pathname,
    route: '/downloads/{id}',
    ...(tenantId === undefined ? {} : { tenantId }),
  });
  const perform = (): Promise<Reply> => {
    if (authorization !== undefined) return Promise.resolve({ status: 401 });
    const isKnown = download?.path === url.pathname && download.expiresAt > now();
    if (!isKnown) return Promise.resolve({ status: 404 });
    if (variants.downloadUses === 'once') world.downloads.delete(token);
    return Promise.resolve(contentOf(download, now()));
  };
  const reply = await performOrFail(simulation, record, perform).catch((error: unknown) => {
    const { status, headers } = refusalOf(error);
    return { status, headers };
  });
  return { reply, onSent: () => calls.finish(record, reply) };
}

function contentOf({ document }: Download, now: number): Reply {
  document.downloadedAt = now;
  const { contentType, seed, size } = document;
  const headers = { 'content-type': contentType, 'content-length': String(size) };
  return { status: 200, headers, body: Readable.from(documentContent(seed, size), { objectMode: false }) };
}
