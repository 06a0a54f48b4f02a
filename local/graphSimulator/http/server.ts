import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text as readText } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/**
 * An answer before it is written. Status 0 cuts the connection. A body that is neither a string nor a stream is sent as JSON.
 * A stream that fails cuts the connection.
 */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** One request, read to its end. */
export interface HttpCall {
  method: string;
  /** Path and query as sent. */
  target: string;
  url: URL;
  /** The headers that occur once, by lower-cased name. */
  headers: Record<string, string>;
  text: string;
}

/** Cuts the connection without an answer. */
export const connectionReset: Reply = { status: 0 };

/** An answer, and what to do once it has left. */
export interface Answer {
  reply: Reply;
  onSent?: () => void;
}

/** Turns a handler into a listener. An unexpected error is answered with 500 and its stack. */
export function createListener(handle: (call: HttpCall) => Promise<Answer>): RequestListener {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = request.url ?? '/';
    const { reply, onSent } = await handle({
      method: request.method ?? 'GET',
      target,
      url: new URL(target, 'http://simulator'),
      headers: singleHeaders(request),
      text: await readText(request),
    });
    if (reply.status === 0) resetConnection(request);
    else await writeReply(response, reply);
    onSent?.();
  };

  return (request, response) => {
    answer(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (response.headersSent || response.destroyed) response.destroy();
      else void writeReply(response, { status: 500, body: { error: { code: 'generalException', message } } });
    });
  };
}

/** Listens on 127.0.0.1 and gives the real port. Rejects with a message that names a taken port and its `option`. */
export async function listenOnLoopback(server: Server, port: number, option: string): Promise<number> {
  // A client that keeps connections for a while must not use one that the server is just closing.
  server.keepAliveTimeout = 65_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is taken; choose another with ${option}.`, { cause: error });
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

/** Stops listening and cuts every connection. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

/** A TLS socket cannot send a reset, so it is closed without an answer. */
function resetConnection({ socket }: IncomingMessage): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** Resolves once the answer has left or the connection is gone. */
async function writeReply(response: ServerResponse, { status, headers, body }: Reply): Promise<void> {
  if (body instanceof Readable) {
    response.writeHead(status, headers);
    return pipeline(body, response).catch(() => undefined);
  }
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.once('finish', resolve);
    const content = bytesOf(body);
    const type = content.length === 0 ? {} : { 'content-type': 'application/json; charset=utf-8' };
    const length = status === 204 ? {} : { 'content-length': content.length };
    response.writeHead(status, { ...type, ...length, ...headers });
    response.end(content);
  });
}

function bytesOf(body: unknown): Buffer {
  return Buffer.from(typeof body === 'string' ? body : (JSON.stringify(body) ?? ''));
}
