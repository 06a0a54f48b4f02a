import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { HttpFunction } from '../describeFunctions';

/**
 * Whether the host lets a request through to a function: anonymous always, otherwise the key must be in `?code=` or in
 * `x-functions-key`. Without a configured key nothing is checked, as in Core Tools. One key stands for function keys and
 * the master key alike.
 */
export function authorize(
  request: IncomingMessage,
  level: HttpFunction['authLevel'],
  functionKey: string | undefined,
): boolean {
  if (level === 'anonymous' || functionKey === undefined) return true;
  const header = request.headers['x-functions-key'];
  const query = (request.url ?? '').split('?')[1];
  const given = typeof header === 'string' ? header : query && new URLSearchParams(query).get('code');
  return typeof given === 'string' && timingSafeEqual(digest(given), digest(functionKey));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
