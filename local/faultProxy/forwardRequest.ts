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
 * target's answer, its body unread. Rejects when the target cannot be reached, or breaks off.
 */
export async function forwardRequest(
  forwarding: Forwarding,
  client: IncomingMessage,
  body: Buffer | undefined,
): Promise<IncomingMessage> {
  const first = await attempt(forwarding, client, body);
  if ('answer' in first) return first.answer;
  // The target closed an idle connection just as it was taken again: nothing was read from it, so once more is safe.
  if (!first.onIdleConnection || body === undefined || forwarding.signal.aborted) throw first.error;
  const second = await attempt(forwarding, client, body);
  if ('answer' in second) return second.answer;
  throw second.error;
}

type Attempt =
  { readonly answer: IncomingMessage } | { readonly error: Error; readonly onIdleConnection: boolean };

function attempt(
  { target, agent, signal }: Forwarding,
  client: IncomingMessage,
  body: Buffer | undefined,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const upstream = startRequest({
      host: target.hostname,
      port: target.port,
      method: client.method,
      path: client.url,
      headers: endToEndHeaders(client.rawHeaders),
      agent,
      signal,
    });
    upstream.once('response', (answer) => resolve({ answer }));
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ error, onIdleConnection: upstream.reusedSocket && error.code === 'ECONNRESET' });
    });
    if (body === undefined) client.pipe(upstream);
    else upstream.end(body);
  });
}
