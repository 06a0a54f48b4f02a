import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { HttpFunction } from '../functions';
import { HostError } from '../hostError';
import type { Invoker } from '../worker/invoke';
import type { Admin } from './admin';
import { readBody, respond, sendHttpResult, toHttpTrigger } from './httpData';
import type { Router } from './routes';

export interface HttpDependencies {
  readonly invoke: Invoker;
  readonly route: Router;
  readonly admin: Admin;
  readonly functionKey: string | undefined;
  readonly customHeaders: Readonly<Record<string, string>>;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
}

/** Listens on 127.0.0.1. `port` 0 takes a free one. Throws HostError `port_taken` that names the port. */
export async function startHttpServer(dependencies: HttpDependencies, port: number) {
  const server = createServer((request, response) => {
    handle(dependencies, request, response).catch(() => {
      if (!response.headersSent) respond(response, 500);
      else response.destroy();
    });
  });
  // Requests have no time limit: the 230 s limit is one of Azure's front end.
  server.requestTimeout = 0;
  await listen(server, port);
  let closeIdle: NodeJS.Timeout | undefined;
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`,
    /** Accepts no new connections, waits for open responses, closes idle connections. */
    async stop() {
      const closed = once(server, 'close');
      server.close();
      // A kept-alive connection must not delay the stop: it is closed after its last response.
      closeIdle = setInterval(() => server.closeIdleConnections(), 20);
      await closed;
    },
    /** Closes all remaining connections. */
    destroy() {
      clearInterval(closeIdle);
      server.closeAllConnections();
    },
  };
}

async function handle(
  { invoke, route, admin, functionKey, customHeaders, bodyLimit }: HttpDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(customHeaders)) response.setHeader(name, value);
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path.startsWith('/admin/') && (await admin(request, response, path))) return;
  const match = route(request.method ?? 'GET', path);
  if (!match) return respond(response, 404);
  if (!isAuthorized(request, match.fn.authLevel, functionKey)) return respond(response, 401);
  const body = await readBody(request, bodyLimit).catch(() => 'aborted' as const);
  if (body === 'aborted') return;
  if (body === undefined) {
    response.setHeader('connection', 'close');
    return respond(response, 413);
  }
  // Without HTTP streaming the worker receives a body only if Content-Length is above 0. The body of a chunked request
  // is read and dropped (GrpcMessageConversionExtensions.cs, azure-functions-host#4926).
  const hasLength = Number(request.headers['content-length'] ?? 0) > 0;
  const result = await invoke(match.fn, toHttpTrigger(request, match.params, hasLength ? body : undefined));
  if (result) sendHttpResult(response, result);
  else respond(response, 500);
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

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const remedy = 'stop the program that uses it, or choose another with --port';
    throw new HostError('port_taken', `Port ${port} is taken: ${remedy}.`);
  });
}
