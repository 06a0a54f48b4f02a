import { isRecord } from '../parse';
import type { CallGraph, GraphCall } from './client';
import { unreadableAnswer } from './errors';

/** Far above any real listing. It ends one whose every page has a new link. */
const MOST_PAGES = 1_000;

/** What a listing needs besides the call itself. */
export interface Paging {
  callGraph: CallGraph;
  /** GRAPH_BASE_URL without a slash at the end: only pages below it are read. */
  graphBaseUrl: string;
}

/**
 * Every item of a Graph listing once, page by page through `@odata.nextLink`. A listing whose links run in a circle ends at
 * the first link that was followed already.
 *
 * @param parse an item for which it returns undefined is skipped
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable` for an answer that is no listing or whose next page is
 *   outside GRAPH_BASE_URL: the token must not be sent anywhere else
 */
export async function* readAllPages<T>(
  { callGraph, graphBaseUrl }: Paging,
  call: Pick<GraphCall, 'tenantId' | 'path' | 'permission'>,
  parse: (item: unknown) => T | undefined,
): AsyncGenerator<T> {
  const followed = new Set<string>();
  const seen = new Set<string>();
  let path: string | undefined = call.path;
  while (path !== undefined && !followed.has(path)) {
    followed.add(path);
    if (followed.size > MOST_PAGES) throw unreadableAnswer(`more than ${MOST_PAGES} pages`, call.path);
    const { body } = await callGraph({ ...call, method: 'GET', path });
    if (!isRecord(body) || !Array.isArray(body['value'])) {
      throw unreadableAnswer('a listing without values', call.path);
    }
    for (const item of body['value'] as unknown[]) {
      const id = isRecord(item) ? item['id'] : undefined;
      if (typeof id === 'string') {
        if (seen.has(id)) continue;
        seen.add(id);
      }
      const parsed = parse(item);
      if (parsed !== undefined) yield parsed;
    }
    path = nextPath(graphBaseUrl, body, path);
  }
}

/** The items of `readAllPages` in one array, for listings of a few. */
export async function readWholeListing<T>(...listing: Parameters<typeof readAllPages<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of readAllPages(...listing)) found.push(item);
  return found;
}

/** @param page the path of the page that has the link */
function nextPath(graphBaseUrl: string, body: Record<string, unknown>, page: string): string | undefined {
  const link = body['@odata.nextLink'];
  if (link === undefined || link === null || link === '') return undefined;
  const base = new URL(graphBaseUrl);
  const from = linkBase(body['@odata.context'], `${graphBaseUrl}${page}`, link);
  const next = typeof link === 'string' && URL.canParse(link, from) ? new URL(link, from) : undefined;
  const prefix = `${base.pathname.replace(/\/$/, '')}/`;
  if (next?.origin !== base.origin || !next.pathname.startsWith(prefix)) {
    throw unreadableAnswer('a next page outside GRAPH_BASE_URL', page);
  }
  return next.pathname.slice(prefix.length - 1) + next.search;
}

/**
 * What a relative link is relative to: the context URL of its answer, which lies at the root of the service, and the URL of the
 * request where there is none (OData JSON format, 4.3). A context of another origin is not followed, and a query alone belongs
 * to the page.
 */
function linkBase(context: unknown, page: string, link: unknown): string {
  if (typeof context !== 'string' || !URL.canParse(context, page)) return page;
  const root = new URL(context, page);
  const isQuery = typeof link === 'string' && link.startsWith('?');
  return root.origin === new URL(page).origin && !isQuery ? root.href : page;
}
