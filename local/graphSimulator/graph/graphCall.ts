import { Refusal, requireFound } from '../http/readRequest';
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
  /** Method and path below the version; `{name}` is one segment. */
  call: string;
  /** Documentation page, in the repository microsoft-graph-docs-contrib below api-reference/v1.0/api. */
  page: string;
  /** `byResource`: the handler checks it once it knows the resource. */
  access: Access | 'byResource';
  handle: (call: GraphCall) => Reply | Promise<Reply>;
}

/** Makes a route. */
export function route(call: string, page: string, access: Route['access'], handle: Route['handle']): Route {
  return { call, page, access, handle };
}

/** Answers with a resource. */
export function ok(body: object, status = 200): Reply {
  return { status, body };
}

/** The tenant of the caller's token. Throws 404 when it is not registered. */
export function tenantOf({ simulation, principal }: GraphCall): Tenant {
  return requireFound(simulation.world.tenants.get(principal.tenantId), 'The tenant');
}

/** The printer of the path. Throws 404 when it does not exist. */
export function printerOf(call: GraphCall): Printer {
  return requireFound(tenantOf(call).printers.get(call.params['printerId'] ?? ''), 'The printer');
}

/** The pull print printer of the path. Throws 404 when it does not exist. */
export function pullPrintOf(call: GraphCall): Printer {
  const { pullPrintPrinters } = tenantOf(call);
  return requireFound(pullPrintPrinters.get(call.params['pullPrintPrinterId'] ?? ''), 'The pull print printer');
}

/** Throws 400 when the query has one of the options that the documentation excludes. */
export function refuseOptions(call: GraphCall, names: readonly string[]): void {
  const refused = names.find((name) => call.query.has(name));
  if (refused !== undefined)
    throw new Refusal(400, 'badRequest', `The query option '${refused}' is not supported here.`);
}

/**
 * One page of a list with `@odata.nextLink` to the next (concepts/paging.md). The link names the host that the caller
 * used, so that it works through a proxy. The next page continues after the last entry shown, so that no entry is skipped
 * or repeated when others leave the list between two pages. `$top` makes pages smaller (api/print-list-shares.md: the caller
 * follows the links for the rest), and no page says how large one may be.
 */
export function pageOfList<T extends object>(
  call: GraphCall,
  entries: readonly T[],
  view: (entry: T) => unknown,
): Reply {
  const { world, variants } = call.simulation;
  const positionOf = (entry: object): number => {
    const position = world.positions.get(entry) ?? world.nextPosition++;
    world.positions.set(entry, position);
    return position;
  };
  const after = Number.parseInt(call.query.get('$skiptoken') ?? '0', 10) || 0;
  const rest = entries
    .map((entry) => ({ entry, position: positionOf(entry) }))
    .sort((a, b) => a.position - b.position)
    .filter(({ position }) => position > after);
  const top = Number.parseInt(call.query.get('$top') ?? '', 10) || Infinity;
  const shown = rest.slice(0, Math.max(1, Math.min(variants.pageSize, top)));
  const query = new URLSearchParams(call.query);
  query.set('$skiptoken', String(shown.at(-1)?.position ?? after));
  const base = `${call.origin}${call.version}`;
  const more = shown.length < rest.length;
  return ok({
    '@odata.context': `${base}/$metadata#${call.path.slice(1)}`,
    value: shown.map(({ entry }) => view(entry)),
    ...(more ? { '@odata.nextLink': `${base}${call.path}?${query.toString()}` } : {}),
  });
}
