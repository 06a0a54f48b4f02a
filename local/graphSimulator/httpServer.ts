import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Reply } from './reply';

/** Listens on 127.0.0.1 and gives the real port; rejects with words that name a taken port. */
export function listenOnLoopback(server: Server, port: number, option: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new Error(`Port ${String(port)} is taken; choose another with ${option}.`, { cause: error })
          : error,
      );
    };
    server.once('error', onError);
    // A client that keeps connections for a while must not meet one that the server is just closing.
    server.keepAliveTimeout = 65_000;
    server.listen(port, '127.0.0.1', () => {
      server.off('error', onError);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Stops listening and cuts every connection. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}

/** Reads the whole body; undefined when it is empty, `malformed` when it is not JSON. */
export async function readBody(request: IncomingMessage): Promise<{ text: string }> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(Buffer.isBuffer(part) ? part : Buffer.from(String(part)));
  return { text: Buffer.concat(parts).toString('utf8') };
}

/** The headers that occur once, by lower-cased name. */
export function singleHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

/** Writes an answer and resolves once it has left or the connection is gone. */
export function writeReply(response: ServerResponse, reply: Reply): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.once('finish', resolve);
    if (reply.stream) {
      response.writeHead(reply.status, reply.headers);
      reply.stream.once('error', () => response.destroy());
      reply.stream.pipe(response);
      return;
    }
    const text =
      reply.body === undefined
        ? ''
        : typeof reply.body === 'string'
          ? reply.body
          : JSON.stringify(reply.body);
    const type = text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' };
    const length = reply.status === 204 ? {} : { 'content-length': Buffer.byteLength(text) };
    response.writeHead(reply.status, { ...type, ...length, ...reply.headers });
    response.end(text);
  });
}

/** Turns an asynchronous handler into a listener; an unexpected error is answered with 500 and its message. */
export function listenerOf(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): RequestListener {
  return (request, response) => {
    handle(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (response.headersSent || response.destroyed) response.destroy();
      else void writeReply(response, { status: 500, body: { error: { code: 'generalException', message } } });
    });
  };
}

/** The text as JSON; undefined for an empty text. Throws a SyntaxError for anything else. */
export function parseJson(text: string): unknown {
  return text.trim() === '' ? undefined : JSON.parse(text);
}
