import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { refuseCall, refuseOrigin } from '../graphSimulator/http/admission';
import { ConsoleProblem, type CallAnswer } from './consoleCalls';
import type { ConsoleError, ConsoleSnapshot } from './consoleApi';
import type { Feed } from './createFeed';

const MOST_BODY_BYTES = 64 * 1024;

/** Nothing but the files of this server: a page of the local cloud needs no other place. */
const FILE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  // The address has the token.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export interface ConsoleServerOptions {
  /** 0 takes a free one. */
  port: number;
  token: string;
  /** The folder of the built page. Its files are no secret. */
  folder: string;
  snapshot: () => Promise<ConsoleSnapshot>;
  feed: Pick<Feed, 'open'>;
  /** Answers every other call below /api/. */
  answer: (method: string, path: string, body: unknown) => Promise<CallAnswer>;
}

export interface ConsoleServer {
  /** Origin. */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves the console on 127.0.0.1. Every call needs the token, and a Host and an Origin of this server (admission.ts). It has
 * no CORS headers, so that no page of another site can read what it answers.
 */
export async function serveConsole(options: ConsoleServerOptions): Promise<ConsoleServer> {
  let port = options.port;
  const server = createServer((request, response) => {
    answerRequest({ ...options, port }, request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      const { status, code, message } = problemOf(error);
      sendError(response, status, { code, message });
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'object' && address) port = address.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerRequest(
  options: ConsoleServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET' } = request;
  const { pathname } = new URL(request.url ?? '/', 'http://console');
  const isCall = pathname.startsWith('/api/');
  const refused = isCall ? refuseCall(request.headers, options) : refuseOrigin(request.headers, options);
  if (refused) {
    request.resume();
    return sendError(response, refused.status, refused);
  }
  if (!isCall) return sendFile(options.folder, method, pathname, response);
  if (method === 'GET' && pathname === '/api/state') return sendJson(response, 200, await options.snapshot());
  if (method === 'GET' && pathname === '/api/stream') return options.feed.open(response);
  const { status, body } = await options.answer(method, pathname.slice('/api/'.length), await readJson(request));
  sendJson(response, status, body);
}

/** Files have a plain name, so that no path leaves the folder. */
async function sendFile(folder: string, method: string, pathname: string, response: ServerResponse): Promise<void> {
  const name = pathname === '/' ? 'index.html' : pathname.slice(1);
  const type = TYPES[extname(name)];
  const isFile = (method === 'GET' || method === 'HEAD') && /^[\w-][\w.-]*$/.test(name) && type !== undefined;
  const content = isFile ? await readFile(join(folder, name)).catch(() => undefined) : undefined;
  if (content === undefined) return sendError(response, 404, { code: 'notFound', message: 'There is no such file.' });
  response.writeHead(200, { ...FILE_HEADERS, 'content-type': type, 'content-length': content.length });
  response.end(method === 'HEAD' ? undefined : content);
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MOST_BODY_BYTES)
      throw new ConsoleProblem(400, 'tooLarge', `The body has more than ${MOST_BODY_BYTES} bytes.`);
    parts.push(part);
  }
  const text = Buffer.concat(parts).toString('utf8');
  try {
    return text.trim() === '' ? {} : (JSON.parse(text) as unknown);
  } catch {
    throw new ConsoleProblem(400, 'invalidRequest', 'The body is not JSON.');
  }
}

function problemOf(error: unknown): { status: number; code: string; message: string } {
  if (error instanceof ConsoleProblem) return error;
  if (error instanceof z.ZodError) return { status: 400, code: 'invalidRequest', message: z.prettifyError(error) };
  return { status: 500, code: 'failed', message: error instanceof Error ? error.message : String(error) };
}

function sendError(response: ServerResponse, status: number, { code, message }: ConsoleError['error']): void {
  const body: ConsoleError = { error: { code, message } };
  sendJson(response, status, body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, { ...headers, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  response.end(text);
}
