import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HostError } from '../hostError';
import type { Invoker } from '../createInvoker';
import { authorize } from './authorize';
import type { Router } from './createRouter';
import { readBody } from './readBody';
import { toHttpTrigger } from './toHttpTrigger';
import { answer, writeAnswer } from './writeAnswer';

export interface HttpDependencies {
  readonly invoke: Invoker;
  readonly route: Router;
  /** Answers `/admin/…` and returns true when the path is its own. */
  readonly admin: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<boolean>;
  readonly functionKey: string | undefined;
  readonly customHeaders: Readonly<Record<string, string>>;
  /** Largest body in bytes. */
  readonly bodyLimit: number;
}

export interface HttpServer {
  readonly url: string;
  /** Takes no new connection, waits for answers under way, closes idle connections. */
  stop(): Promise<void>;
  /** Drops what is left. */
  destroy(): void;
}

/** Listens on 127.0.0.1. `port` 0 takes a free one. Throws HostError `port_taken` naming the port. */
export async function startHttpServer(dependencies: HttpDependencies, port: number): Promise<HttpServer> {
  const server = createServer((request, response) => {
    handle(dependencies, request, response).catch(() => {
      if (!response.headersSent) answer(response, 500);
      else response.destroy();
    });
  });
  // No limit of ours on how long a request may take: the front end's 230 s is not on this machine.
  server.requestTimeout = 0;
  await listen(server, port);
  let closeIdle: NodeJS.Timeout | undefined;
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // A kept-alive connection must not hold up the stop: it is closed as soon as its last answer is out.
        closeIdle = setInterval(() => server.closeIdleConnections(), 20);
      }),
    destroy() {
      clearInterval(closeIdle);
      server.closeAllConnections();
    },
  };
}

async function handle(
  dependencies: HttpDependencies,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { invoke, route, admin, functionKey, customHeaders, bodyLimit } = dependencies;
  for (const [name, value] of Object.entries(customHeaders)) response.setHeader(name, value);
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path.startsWith('/admin/') && (await admin(request, response, path))) return;
  const match = route(request.method ?? 'GET', path);
  if (!match) return answer(response, 404);
  if (!authorize(request, match.fn.authLevel, functionKey)) return answer(response, 401);
  const body = await readBody(request, bodyLimit);
  if (body.kind === 'aborted') return;
  if (body.kind === 'too_large') {
    response.setHeader('connection', 'close');
    return answer(response, 413);
  }
  const result = await invoke(
    match.fn,
    toHttpTrigger(request, match.params, body.kind === 'bytes' ? body.bytes : undefined),
  );
  if (result.ok) writeAnswer(response, result.response);
  else answer(response, 500);
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new HostError(
              'port_taken',
              `Port ${port} is taken: stop what listens there, or choose another with --port.`,
            )
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
}
