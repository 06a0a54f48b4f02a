import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCookie, InvocationResponse } from '../worker/coreTypes';
import type { InvocationInput } from '../worker/invoke';

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

/** Kestrel's limit under the Functions host (100 MB). The setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT changes it. */
export const DEFAULT_BODY_LIMIT = 104_857_600;

/** All bytes of a request's body. Undefined if there are more than `limit`. Rejects if the client aborts. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
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
const CONNECTION_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

/** Sends the response of a function: status, headers, cookies and body. No return value is an empty 200. */
export function sendHttpResult(response: ServerResponse, result: InvocationResponse): void {
  const http = result.returnValue?.http;
  if (!http) return respond(response, 200);
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) response.setHeader(name, value);
  }
  const cookies = (http.cookies ?? []).map(toSetCookie);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  const status = Number(http.statusCode ?? 200);
  const bytes = http.body?.bytes ?? new Uint8Array();
  if (status !== 204 && status !== 304) response.setHeader('content-length', bytes.byteLength);
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
