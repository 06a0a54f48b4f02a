import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../http/readRequest';
import type { PostToReceiver } from '../delivery/receiver';
import type { Variants } from '../world/variants';

// resources/subscription.md: the limits of printer and printTaskDefinition, and the silently raised minimum.
const MAX_MINUTES = 4_230;
const MIN_MINUTES = 45;
const MAX_CLIENT_STATE = 128;
const MAX_URL = 2_048;

const url = z.string().max(MAX_URL).refine(isAllowedUrl, 'must be an https URL');
const expiry = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/, 'must be a date and time in UTC')
  .transform(Date.parse);

const subscriptionSchema = z.object({
  changeType: z.string(),
  resource: z.string(),
  notificationUrl: url,
  expirationDateTime: expiry,
  lifecycleNotificationUrl: url.nullable().default(null),
  notificationQueryOptions: z.string().nullable().default(null),
  clientState: z.string().max(MAX_CLIENT_STATE).nullable().default(null),
  // Resource data does not exist for print.
  includeResourceData: z.literal(false).nullish(),
});

/** Checks the properties of a new subscription (resources/subscription.md). Throws an error that is answered with 400. */
export function parseSubscription(body: unknown, now: number, variants: Variants) {
  const { expirationDateTime, includeResourceData: _none, ...given } = subscriptionSchema.parse(body);
  const expiresAt = limitExpiry(expirationDateTime, now, variants);
  const target = parseResource(given.resource);
  const supported = target.kind === 'jobStarted' ? 'created' : 'updated';
  if (given.changeType !== supported) throw invalid(`The resource supports the changeType '${supported}' only.`);
  if (target.kind === 'jobStarted' && given.notificationQueryOptions !== null)
    throw invalid('notificationQueryOptions is not supported for this resource.');
  return { ...given, ...target, expiresAt };
}
export type SubscriptionRequest = ReturnType<typeof parseSubscription>;

// Members of OData may be sent along.
const changeSchema = z
  .looseObject({ expirationDateTime: expiry.optional(), notificationUrl: url.optional() })
  .refine(
    (body) =>
      Object.keys(body).every((name) => /^(expirationDateTime|notificationUrl|@odata\..*)$/.test(name)) &&
      (body.expirationDateTime !== undefined || body.notificationUrl !== undefined),
    'Only expirationDateTime and notificationUrl can be changed, and one of them is required.',
  );

/** Checks a change of a subscription (api/subscription-update.md). Throws an error that is answered with 400. */
export function parseChange(body: unknown, now: number, variants: Variants) {
  const { expirationDateTime: wanted, notificationUrl: url } = changeSchema.parse(body);
  return { url, expiresAt: wanted === undefined ? undefined : limitExpiry(wanted, now, variants) };
}

/** Raises the expiry to 45 minutes ahead. Over 4,230 minutes it is refused or cut, by variant. */
function limitExpiry(wanted: number, now: number, variants: Variants): number {
  const highest = now + MAX_MINUTES * 60_000;
  if (!(wanted > now)) throw invalid('expirationDateTime must be in the future.');
  if (wanted > highest && variants.expiryOverMaximum === 'reject')
    throw invalid(`Subscription expiration can only be ${MAX_MINUTES} minutes in the future.`);
  return Math.min(Math.max(wanted, now + MIN_MINUTES * 60_000), highest);
}

/** https only, apart from plain http on loopback (a departure, see README.md). */
function isAllowedUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname));
}

/** What a subscription is about: the definition or printer with `targetId`. */
function parseResource(resource: string): { kind: 'jobStarted' | 'jobFetchable'; targetId: string } {
  const started = /^\/?print\/taskDefinitions\/([^/]+)\/tasks$/i.exec(resource)?.[1];
  if (started !== undefined) return { kind: 'jobStarted', targetId: started.toLowerCase() };
  const fetchable = /^\/?print\/printers\/([^/]+)\/jobs$/i.exec(resource)?.[1];
  if (fetchable !== undefined) return { kind: 'jobFetchable', targetId: fetchable.toLowerCase() };
  throw invalid(`The resource '${resource}' is not supported.`);
}

function invalid(message: string) {
  return new Refusal(400, 'InvalidRequest', message);
}

/**
 * The handshake: POST with `validationToken`, answered within 10 seconds by 200, text/plain and exactly the decoded token
 * (concepts/change-notifications-delivery-webhooks.md). Throws a refusal with 400 ValidationError when it fails.
 */
export async function validateEndpoint(
  { post, variants, closed: signal }: { post: PostToReceiver; variants: Variants; closed: AbortSignal },
  url: string,
): Promise<void> {
  const token = makeToken(variants.handshakeToken);
  const withToken = `${url}${url.includes('?') ? '&' : '?'}validationToken=${encodeToken(token)}`;
  const options = { timeoutMs: variants.handshakeTimeoutMs, contentType: 'text/plain; charset=utf-8', signal };
  const answer = await post(withToken, '', options);
  const fail = (reason: string) => new Refusal(400, 'ValidationError', `Subscription validation request ${reason}`);
  if ('error' in answer)
    throw fail(answer.error === 'timeout' ? 'timed out.' : 'failed. The endpoint could not be reached.');
  if (answer.status !== 200) throw fail(`failed. HTTP status code is '${answer.status}'.`);
  if (!/^text\/plain\s*(;|$)/i.test(answer.contentType))
    throw fail('failed. Response must have the content type text/plain.');
  if (answer.body !== token) throw fail('failed. Response must exactly match validationToken query parameter.');
}

/** A validation token; `special` adds characters that need decoding. */
function makeToken(kind: Variants['handshakeToken']): string {
  const text = `Validation: Testing client application reachability for subscription Request-Id: ${randomUUID()}`;
  return kind === 'plain' ? text : `${text} ${randomBytes(6).toString('base64')}+/=&%?ä€ ;~'()*`;
}

/** Percent-encodes as .NET does for a form: `+` for a space and lower-case hexadecimal digits. */
function encodeToken(token: string): string {
  return encodeURIComponent(token)
    .replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase())
    .replaceAll('%20', '+');
}
