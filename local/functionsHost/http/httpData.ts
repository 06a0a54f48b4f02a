import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCookie, InvocationResponse } from '../worker/coreTypes';
import type { InvocationInput } from '../worker/dispatcher';

/** Converts a request as the host does for the worker: headers and query joined per name, the body as bytes. */
export function toHttpTrigger(
  request: IncomingMessage,
  params: Record<string, string>,
  body: Buffer | undefined,
): InvocationInput {
  const { method = 'GET', headers } = request;
  const url = new URL(request.url ?? '/', `http://${headers.host ?? '127.0.0.1'}`);
  const query = url.searchParams;
  return {
    input: {
      http: {
        method,
        url: url.href,
        nullableHeaders: nullable(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        nullableQuery: nullable([...query.keys()].map((name) => [name, query.getAll(name).join(',')])),
        nullableParams: nullable(Object.entries(params)),
        body: body ? { bytes: body } : null,
      },
    },
    trace: { traceParent: headers.traceparent?.toString(), traceState: headers.tracestate?.toString() },
  };
}

/** All bytes of a request's body. Rejects if the client aborts. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function nullable(entries: readonly (readonly [string, string])[]): Record<string, { value: string }> {
  return Object.fromEntries(entries.map(([name, value]) => [name, { value }]));
}

/** Sends a response of the host itself. */
export function respond(response: ServerResponse, status: number, body?: unknown): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  if (text !== '') response.setHeader('content-type', 'application/json; charset=utf-8');
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Headers that belong to the connection and not to the function. */
const CONNECTION_HEADERS = new Set(['transfer-encoding', 'connection']);

/**
 * Sends the response of a function: status, headers, cookies and body. No return value is an empty 204. A body is chunked
 * unless the function set content-length.
 */
export function sendHttpResult(response: ServerResponse, result: InvocationResponse): void {
  const http = result.returnValue?.http;
  if (!http) return void response.writeHead(204).end();
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  }
  const cookies = (http.cookies ?? []).map(toSetCookie);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  const bytes = http.body?.bytes ?? new Uint8Array();
  const status = Number(http.statusCode ?? 200);
  if (bytes.byteLength === 0 && status !== 204 && status !== 304) response.setHeader('content-length', 0);
  response.writeHead(status).end(bytes);
}

const SAME_SITE = { none: undefined, lax: 'lax', strict: 'strict', explicitNone: 'none' } as const;

/** The Set-Cookie header of one cookie, with its attributes in the order of ASP.NET Core. */
export function toSetCookie(cookie: HttpCookie): string {
  const expires = cookie.expires?.value?.seconds;
  const sameSite = SAME_SITE[cookie.sameSite ?? 'none'];
  const attributes = [
    `${cookie.name}=${encodeURIComponent(cookie.value)}`,
    typeof expires === 'number' ? `expires=${new Date(expires * 1000).toUTCString()}` : undefined,
    typeof cookie.maxAge?.value === 'number' ? `max-age=${cookie.maxAge.value}` : undefined,
    cookie.domain?.value ? `domain=${cookie.domain.value}` : undefined,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value === true ? 'secure' : undefined,
    sameSite === undefined ? undefined : `samesite=${sameSite}`,
    cookie.httpOnly?.value === true ? 'httponly' : undefined,
  ];
  return attributes.filter((attribute) => attribute !== undefined).join('; ');
}
