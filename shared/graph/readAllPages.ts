import { isRecord } from '../parse';
import { GraphError } from './graphError';
import type { CallGraph, GraphCall } from './graphClient';

/** Far above any real listing; ends a listing whose pages point at each other. */
const MOST_PAGES = 1_000;

/** What a listing needs to know besides the call itself. */
export interface Paging {
  callGraph: CallGraph;
  /** GRAPH_BASE_URL without a slash at the end: only pages below it are followed. */
  graphBaseUrl: string;
}

/**
 * Every item of a Graph listing, page by page through `@odata.nextLink`.
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable` for an answer that is no listing or whose next page lies
 *   outside GRAPH_BASE_URL: the token must not go anywhere else
 */
export async function* readAllPages(
  { callGraph, graphBaseUrl }: Paging,
  call: Pick<GraphCall, 'tenantId' | 'path' | 'permission'>,
): AsyncGenerator<unknown> {
  let path: string | undefined = call.path;
  for (let page = 0; path !== undefined; page += 1) {
    if (page === MOST_PAGES) throw unreadable(`more than ${MOST_PAGES} pages`);
    const { body } = await callGraph({ ...call, method: 'GET', path });
    if (!isRecord(body) || !Array.isArray(body['value'])) throw unreadable('no list of values');
    yield* body['value'] as unknown[];
    path = nextPath(graphBaseUrl, body['@odata.nextLink']);
  }
}

function nextPath(graphBaseUrl: string, link: unknown): string | undefined {
  if (link === undefined || link === null) return undefined;
  const next = typeof link === 'string' && URL.canParse(link) ? new URL(link) : undefined;
  const base = new URL(graphBaseUrl);
  const prefix = `${base.pathname.replace(/\/$/, '')}/`;
  if (next?.origin !== base.origin || !next.pathname.startsWith(prefix)) {
    throw unreadable('a next page outside GRAPH_BASE_URL');
  }
  return next.pathname.slice(prefix.length - 1) + next.search;
}

function unreadable(what: string): GraphError {
  return new GraphError('graphAnswerUnreadable', `Graph answered a listing with ${what}`);
}
