import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpFunction } from '../functions';
import type { Invoker } from '../worker/dispatcher';
import type { Admin } from './admin';
import { readBody, respond, sendHttpResult, toHttpTrigger } from './httpData';
import { pathOf, refuseRequest } from './limits';
import type { Router } from './routes';
import type { HttpHandler } from './server';

export interface HttpDependencies {
  readonly invoke: Invoker;
  readonly route: Router;
  readonly admin: Admin;
  readonly functionKey: string | undefined;
  readonly customHeaders: Readonly<Record<string, string>>;
  /** Largest body in bytes. Undefined: the host's default. */
  readonly bodyLimit: number | undefined;
}

/** Handles the routes of the functions, those below `/admin`, and the home page. */
export function createHandler({
  invoke,
  route,
  admin,
  functionKey,
  customHeaders,
  bodyLimit,
}: HttpDependencies): HttpHandler {
  return async (request, response) => {
    for (const [name, value] of Object.entries(customHeaders)) response.setHeader(name, value);
    const refusal = refuseRequest(request, bodyLimit);
    if (refusal !== undefined) return refuse(response, refusal);
    const path = pathOf(request.url ?? '/');
    if (path === '/' || path === '/admin/host/ping') return respond(response, 200);
    if (path.startsWith('/admin/')) {
      if (!isAuthorized(request, 'admin', functionKey)) return respond(response, 401);
      if (await admin(request, response, path)) return;
    }
    const match = route(request.method ?? 'GET', path);
    if (!match) return respond(response, 404);
    if (!isAuthorized(request, match.fn.authLevel, functionKey)) return respond(response, 401);
    const body = await readBody(request).catch(() => undefined);
    if (body === undefined) return;
    // Without HTTP streaming the worker receives a body only if Content-Length is above 0. The body of a chunked request
    // is read and dropped (GrpcMessageConversionExtensions.cs, azure-functions-host#4926).
    const hasLength = Number(request.headers['content-length'] ?? 0) > 0;
    const result = await invoke(match.fn, toHttpTrigger(request, match.params, hasLength ? body : undefined));
    if (result) sendHttpResult(response, result);
    else respond(response, 500);
  };
}

/** Handles every request of a host whose host.json is wrong, `problem` (HostAvailabilityCheckMiddleware.cs). */
export function createUnavailableHandler(problem: string, functionKey: string | undefined): HttpHandler {
  return (request, response) => {
    const path = pathOf(request.url ?? '/');
    if (path === '/admin/host/ping') respond(response, 200);
    else if (path !== '/admin/host/status') respond(response, 503, { message: 'Function host is not running.' });
    else if (!isAuthorized(request, 'admin', functionKey)) respond(response, 401);
    else respond(response, 200, { state: 'Error', errors: [problem], functions: 0, running: 0 });
    return Promise.resolve();
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.setHeader('connection', 'close');
  respond(response, status);
}

/**
 * Whether the host lets a request through to a function: always if it is anonymous, otherwise with the key in `?code=`
 * or in `x-functions-key`. Without a configured key nothing is checked, as in Core Tools. The one key is function key
 * and master key.
 */
export function isAuthorized(
  { headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>,
  level: HttpFunction['authLevel'],
  functionKey: string | undefined,
): boolean {
  if (level === 'anonymous' || functionKey === undefined) return true;
  const header = headers['x-functions-key'];
  const given = typeof header === 'string' ? header : new URLSearchParams(url.split('?')[1]).get('code');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return given !== null && timingSafeEqual(digest(given), digest(functionKey));
}
