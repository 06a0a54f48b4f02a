import { request as startRequest } from 'node:http';
import type { Agent, IncomingMessage } from 'node:http';

/** Headers that speak of one connection only (RFC 9110 section 7.6.1); the continue was given by the proxy already. */
const PER_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'expect']);

export interface Forwarding {
  readonly target: URL;
  readonly agent: Agent;
  /** Ends the request to the target. */
  readonly signal: AbortSignal;
}

/** Name, value, name, value, as they came, less those of the connection. */
export function endToEndHeaders(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!PER_CONNECTION.has(name.toLowerCase())) kept.push(name, rawHeaders[at + 1] ?? '');
  }
  return kept;
}

/**
 * Sends the client's request on to the target, with `body` where it was read already, else streaming. Resolves with the
 * target's answer, its body unread. Rejects when the target cannot be reached, or breaks off; it is never tried again,
 * since a cut may be what a test wants and may come after the effect.
 */
export function forwardRequest(
  { target, agent, signal }: Forwarding,
  client: IncomingMessage,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const upstream = startRequest({
      host: target.hostname,
      port: target.port,
      method: client.method,
      path: client.url,
      headers: endToEndHeaders(client.rawHeaders),
      agent,
      signal,
    });
    upstream.once('response', resolve);
    upstream.on('error', reject);
    if (body === undefined) client.pipe(upstream);
    else upstream.end(body);
  });
}
