import { randomBytes, randomUUID } from 'node:crypto';
import type { PostToReceiver } from './postToReceiver';
import type { Variants } from './variants';

/** Percent-encodes as .NET does for a form: `+` for a space and lower-case hexadecimal digits. */
function encodeToken(token: string): string {
  return encodeURIComponent(token)
    .replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
    .replaceAll('%20', '+');
}

/** A validation token; `special` adds characters that need decoding. */
function makeToken(kind: Variants['handshakeToken']): string {
  const text = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
  return kind === 'plain' ? text : `${text} ${randomBytes(6).toString('base64')}+/=&%?ä€ ;~'()*`;
}

/**
 * Asks a URL for its consent: POST with `validationToken`, answered within 10 seconds by 200, text/plain and exactly the
 * decoded token (concepts/change-notifications-delivery-webhooks.md). Gives undefined when it passed, else the reason.
 */
export async function validateEndpoint(
  deps: { post: PostToReceiver; variants: Variants; signal: AbortSignal },
  url: string,
): Promise<string | undefined> {
  const token = makeToken(deps.variants.handshakeToken);
  const joined = `${url}${url.includes('?') ? '&' : '?'}validationToken=${encodeToken(token)}`;
  const answer = await deps.post(joined, '', {
    timeoutMs: deps.variants.handshakeTimeoutMs,
    contentType: 'text/plain; charset=utf-8',
    signal: deps.signal,
  });
  if ('error' in answer)
    return answer.error === 'timeout'
      ? 'Subscription validation request timed out.'
      : 'Subscription validation request failed. The endpoint could not be reached.';
  if (answer.status !== 200)
    return `Subscription validation request failed. HTTP status code is '${String(answer.status)}'.`;
  if (!/^text\/plain\s*(;|$)/i.test(answer.contentType))
    return 'Subscription validation request failed. Response must have the content type text/plain.';
  return answer.body === token
    ? undefined
    : 'Subscription validation request failed. Response must exactly match validationToken query parameter.';
}
