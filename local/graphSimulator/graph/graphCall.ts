import { refusal } from '../http/readRequest';
import type { Reply } from '../http/server';
import type { Access, Principal } from '../signIn/permissions';
import type { Printer, Simulation, Tenant } from '../world/simulation';

/** One authenticated call of Graph, from its own request or from a `$batch`; `params` are lower-cased ids. */
export interface GraphCall {
  simulation: Simulation;
  principal: Principal;
  method: string;
  /** `/v1.0` or `/beta`. */
  version: string;
  /** Path below the version. */
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: unknown;
  /** Scheme and host that the caller used, for `@odata.nextLink`. */
  origin: string;
}

/** One documented call of Graph. A handler throws a refusal to answer with an error. */
export interface Route {
  method: string;
  /** Path below the version; `{name}` stands for one segment. */
  path: string;
  /** Documentation page, in the repository microsoft-graph-docs-contrib below api-reference/v1.0/api. */
  page: string;
  access: Access;
  handle: (call: GraphCall) => Reply | Promise<Reply>;
}

/** Makes a route from its method and path in one text. */
export function route(call: string, page: string, access: Access, handle: Route['handle']): Route {
  const [method = '', path = ''] = call.split(' ');
  return { method, path, page, access, handle };
}

/** An error in Graph's shape (concepts/errors.md). */
export function graphError(
  status: number,
  code: string,
  message: string,
  request: { now: number; requestId: string; headers: Record<string, string> },
): Reply {
  const { now, requestId, headers } = request;
  const innerError = {
    date: new Date(now).toISOString().slice(0, 19),
    'request-id': requestId,
    'client-request-id': headers['client-request-id'] ?? requestId,
  };
  return { status, body: { error: { code, message, innerError } } };
}

/** The refusal for anything that does not exist, or not for this caller. */
export function notFound(what: string) {
  return refusal(404, 'itemNotFound', `${what} was not found.`);
}

/** The tenant of the caller's token. Throws 404 when it is not registered. */
export function tenantOf({ simulation, principal }: GraphCall): Tenant {
  const tenant = simulation.world.tenants.get(principal.tenantId);
  if (!tenant) throw notFound('The tenant');
  return tenant;
}

/** The printer of the path. Throws 404 when it does not exist. */
export function printerOf(call: GraphCall): Printer {
  const printer = tenantOf(call).printers.get(call.params['printerId'] ?? '');
  if (!printer) throw notFound('The printer');
  return printer;
}

/** Throws 400 when the query has one of the options that the documentation excludes. */
export function refuseOptions(call: GraphCall, names: readonly string[]): void {
  const refused = names.find((name) => call.query.has(name));
  if (refused !== undefined) throw refusal(400, 'badRequest', `The query option '${refused}' is not supported here.`);
}

/**
 * One page of a list with `@odata.nextLink` to the next (concepts/paging.md). The link names the host that the caller
 * used, so that it works through a proxy. The next page continues after the last entry shown, so that no entry is skipped
 * or repeated when others leave the list between two pages.
 */
export function pageOfList<T extends object>(
  call: GraphCall,
  entries: readonly T[],
  view: (entry: T) => unknown,
): Reply {
  const { world, variants } = call.simulation;
  const placeOf = (entry: object): number => {
    const place = world.places.get(entry) ?? world.nextPlace++;
    world.places.set(entry, place);
    return place;
  };
  const after = Number.parseInt(call.query.get('$skiptoken') ?? '0', 10) || 0;
  const rest = entries
    .map((entry) => ({ entry, place: placeOf(entry) }))
    .sort((a, b) => a.place - b.place)
    .filter(({ place }) => place > after);
  const shown = rest.slice(0, Math.max(1, variants.pageSize));
  const query = new URLSearchParams(call.query);
  query.set('$skiptoken', String(shown.at(-1)?.place ?? after));
  const base = `${call.origin}${call.version}`;
  const more = shown.length < rest.length;
  return {
    status: 200,
    body: {
      '@odata.context': `${base}/$metadata#${call.path.slice(1)}`,
      value: shown.map(({ entry }) => view(entry)),
      ...(more ? { '@odata.nextLink': `${base}${call.path}?${query.toString()}` } : {}),
    },
  };
}
