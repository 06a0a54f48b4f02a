/** What an HTTP adapter sends back, and nothing else. */
export interface WebhookAnswer {
  status: number;
  headers: Record<string, string>;
  body?: string;
}

/** Graph's tokens are about a hundred characters; the cap keeps the endpoint from echoing whatever it is sent. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** The answer must be taken as the text it is (concepts/change-notifications-delivery-webhooks.md asks for no script). */
export const NO_SNIFF = { 'X-Content-Type-Options': 'nosniff' } as const;

/**
 * Answers Graph's endpoint validation, which needs no setting and no storage: 200 with the decoded token byte for
 * byte. An empty token or one above 8 KiB is no handshake of Graph: 400.
 *
 * @param token the decoded query parameter `validationToken`, or null when the request has none
 * @returns undefined when the request is no handshake
 */
export function answerHandshake(token: string | null): WebhookAnswer | undefined {
  if (token === null) return undefined;
  if (token === '' || Buffer.byteLength(token, 'utf8') > MAX_TOKEN_BYTES) {
    return { status: 400, headers: { ...NO_SNIFF } };
  }
  return { status: 200, headers: { 'Content-Type': 'text/plain', ...NO_SNIFF }, body: token };
}
