import type { IncomingMessage } from 'node:http';

/** The setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT changes it. */
const DEFAULT_BODY_LIMIT = 104_857_600;
/** Kestrel's defaults (documentation page aspnet/core/fundamentals/servers/kestrel/options). */
const MOST_REQUEST_LINE_BYTES = 8_192;
const MOST_HEADERS = 100;
const MOST_HEADER_BYTES = 32_768;

/** The status with which Kestrel, under the Functions host, refuses a request. Undefined: the request passes. */
export function refuseRequest(
  { method = '', url = '', httpVersion, headers, rawHeaders }: Request,
  bodyLimit = DEFAULT_BODY_LIMIT,
): number | undefined {
  if (`${method} ${url} HTTP/${httpVersion}\r\n`.length > MOST_REQUEST_LINE_BYTES) return 414;
  // Each name and value has two more bytes: the colon and the space, or the end of the line.
  const headerBytes = rawHeaders.reduce((sum, text) => sum + text.length + 2, 0);
  if (rawHeaders.length / 2 > MOST_HEADERS || headerBytes > MOST_HEADER_BYTES) return 431;
  if (headers.host === undefined) return 500;
  if (isAbsolute(url) && new URL(url).host !== headers.host) return 400;
  // A chunked body has no length to look at.
  return Number(headers['content-length'] ?? 0) > bodyLimit ? 500 : undefined;
}

type Request = Pick<IncomingMessage, 'method' | 'url' | 'httpVersion' | 'headers' | 'rawHeaders'>;

/** The path of a request, still percent-encoded and without query, whether its URL is absolute or not. */
export function pathOf(url: string): string {
  const path = isAbsolute(url) ? url.replace(/^[^/]*\/\/[^/?]*/, '') : url;
  return path.split('?')[0] || '/';
}

function isAbsolute(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}
