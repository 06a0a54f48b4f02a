/** The response that the HTTP adapter sends. */
export interface WebhookAnswer {
  status: number;
  headers: Record<string, string>;
  body?: string;
}

/** Graph's tokens are about a hundred characters; the limit keeps the endpoint from echoing arbitrary bodies. */
export const MAX_TOKEN_BYTES = 8 * 1024;

/** Keeps browsers from running the token as a script (concepts/change-notifications-delivery-webhooks.md). */
export const NO_SNIFF = { 'X-Content-Type-Options': 'nosniff' } as const;

/**
 * Answers Graph's endpoint validation, which needs no setting and no storage: 200 with the decoded token byte for
 * byte. An empty token or one above 8 KiB does not come from Graph: 400.
 *
 * @param token the decoded query parameter `validationToken`
 */
export function answerHandshake(token: string): WebhookAnswer {
  if (token === '' || Buffer.byteLength(token, 'utf8') > MAX_TOKEN_BYTES) {
    return { status: 400, headers: { ...NO_SNIFF } };
  }
  return { status: 200, headers: { 'Content-Type': 'text/plain', ...NO_SNIFF }, body: token };
}
