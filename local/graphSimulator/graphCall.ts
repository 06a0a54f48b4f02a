import { graphError, type Reply } from './reply';
import type { Principal } from './authenticate';
import type { Simulation } from './simulation';

/** One call of Graph, from its own request or out of a `$batch`. */
interface GraphCall {
  method: string;
  /** `/v1.0` or `/beta`. */
  version: string;
  /** Path below the version. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: unknown;
  /** Scheme and host that the caller used, for `@odata.nextLink`. */
  origin: string;
  requestId: string;
}

/** A call that was authenticated and matched to a route; `params` are lower-cased ids. */
export interface RoutedCall extends GraphCall {
  simulation: Simulation;
  principal: Principal;
  params: Record<string, string>;
}

/** Graph's error shape with the ids of this call. */
export function fail(call: RoutedCall, status: number, code: string, message: string): Reply {
  const clientRequestId = call.headers['client-request-id'];
  return graphError(status, code, message, {
    now: call.simulation.now(),
    requestId: call.requestId,
    ...(clientRequestId === undefined ? {} : { clientRequestId }),
  });
}

/** The answer of anything that does not exist, or not for this caller. */
export function notFound(call: RoutedCall, what: string): Reply {
  return fail(call, 404, 'itemNotFound', `${what} was not found.`);
}
