import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { HostError } from '../hostError';
import { respond } from './httpData';

/** Answers one request. A rejection is answered with 500. */
export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Above Kestrel's limits, which limits.ts applies: Node would answer some of them with another status. */
const PARSER_LIMIT_BYTES = 1_048_576;

/** Listens on 127.0.0.1. `port` 0 takes a free one. Throws HostError `port_taken` that names the port. */
export async function startHttpServer(handle: HttpHandler, port: number) {
  const server = createServer({ maxHeaderSize: PARSER_LIMIT_BYTES }, (request, response) => {
    response.setHeader('server', 'Kestrel');
    handle(request, response).catch(() => {
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

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    const remedy = 'stop the program that uses it, or choose another with --port';
    throw new HostError('port_taken', `Port ${port} is taken: ${remedy}.`);
  });
}
