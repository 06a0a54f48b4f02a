import type { ServerResponse } from 'node:http';
import type { HttpData, InvocationResponse } from '../worker/coreTypes';
import { toSetCookie } from './toSetCookie';

/** Headers that belong to the connection and not to the function. */
const CONNECTION_HEADERS = new Set(['content-length', 'transfer-encoding', 'connection']);

/** An answer of the host itself. */
export function answer(response: ServerResponse, status: number, body?: unknown): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  if (text !== '') response.setHeader('content-type', 'application/json; charset=utf-8');
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) }).end(text);
}

/** A function's answer: status, headers, cookies and the body byte for byte; no return value is an empty 200. */
export function writeAnswer(response: ServerResponse, result: InvocationResponse): void {
  const http: HttpData | undefined = result.returnValue?.http;
  if (!http) return answer(response, 200);
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
