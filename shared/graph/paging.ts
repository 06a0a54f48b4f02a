import { isRecord } from '../parse';
import type { CallGraph, GraphCall } from './client';
import { unreadableAnswer } from './errors';

/** Far above any real listing. It ends a listing whose pages point at each other. */
const MOST_PAGES = 1_000;

/** What a listing needs besides the call itself. */
export interface Paging {
  callGraph: CallGraph;
  /** GRAPH_BASE_URL without a slash at the end: only pages below it are read. */
  graphBaseUrl: string;
}

/**
 * Every item of a Graph listing, page by page through `@odata.nextLink`.
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable` for an answer that is no listing or whose next page is
 *   outside GRAPH_BASE_URL: the token must not be sent anywhere else
 */
export async function* readAllPages(
  { callGraph, graphBaseUrl }: Paging,
  call: Pick<GraphCall, 'tenantId' | 'path' | 'permission'>,
): AsyncGenerator<unknown> {
  let path: string | undefined = call.path;
  for (let page = 0; path !== undefined; page += 1) {
    if (page === MOST_PAGES) throw unreadableAnswer(`more than ${MOST_PAGES} pages`, call.path);
    const { body } = await callGraph({ ...call, method: 'GET', path });
    if (!isRecord(body) || !Array.isArray(body['value'])) {
      throw unreadableAnswer('a listing without values', call.path);
    }
    yield* body['value'] as unknown[];
    path = nextPath(graphBaseUrl, body['@odata.nextLink'], call.path);
  }
}

function nextPath(graphBaseUrl: string, link: unknown, listing: string): string | undefined {
  if (link === undefined || link === null) return undefined;
  const next = typeof link === 'string' && URL.canParse(link) ? new URL(link) : undefined;
  const base = new URL(graphBaseUrl);
  const prefix = `${base.pathname.replace(/\/$/, '')}/`;
  if (next?.origin !== base.origin || !next.pathname.startsWith(prefix)) {
    throw unreadableAnswer('a next page outside GRAPH_BASE_URL', listing);
  }
  return next.pathname.slice(prefix.length - 1) + next.search;
}
