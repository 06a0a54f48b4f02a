import { invalidInput, optionalString, requireString } from './readFields';
import type { Variants } from './variants';

// resources/subscription.md: the limits of printer and printTaskDefinition, and the silently raised minimum.
const MAX_MINUTES = 4_230;
const MIN_MINUTES = 45;
const MAX_CLIENT_STATE = 128;
const MAX_URL = 2_048;

/** A checked request for a new subscription. */
export interface SubscriptionRequest {
  kind: 'jobStarted' | 'jobFetchable';
  targetId: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
  lifecycleNotificationUrl?: string;
  notificationQueryOptions?: string;
  clientState?: string;
  latestSupportedTlsVersion: string;
  expiresAt: number;
}

/** Checks the properties of a new subscription (resources/subscription.md); throws INVALID_INPUT with the reason. */
export function parseSubscriptionRequest(
  body: Record<string, unknown>,
  now: number,
  variants: Pick<Variants, 'expiryOverMaximum'>,
): SubscriptionRequest {
  const changeType = requireString(body, 'changeType');
  const notificationUrl = checkUrl(requireString(body, 'notificationUrl'), 'notificationUrl');
  const resource = requireString(body, 'resource');
  const expiresAt = parseExpiry(requireString(body, 'expirationDateTime'), now, variants);
  const lifecycle = optionalString(body, 'lifecycleNotificationUrl');
  const query = optionalString(body, 'notificationQueryOptions');
  const clientState = optionalString(body, 'clientState');
  if (clientState !== undefined && clientState.length > MAX_CLIENT_STATE)
    throw invalidInput(`clientState must not be longer than ${String(MAX_CLIENT_STATE)} characters.`);
  if (body['includeResourceData'] === true)
    throw invalidInput('includeResourceData is not supported for this resource.');
  for (const name of ['vapidPublicKey', 'webPushEncryptionP256dhPublicKey', 'webPushEncryptionSecret'])
    if (body[name] !== undefined && body[name] !== null) throw invalidInput(`${name} is for web push only.`);
  const target = parseResource(resource);
  if (target.kind === 'jobStarted' && changeType !== 'created')
    throw invalidInput("Print task definitions support the changeType 'created' only.");
  if (target.kind === 'jobFetchable' && changeType !== 'updated')
    throw invalidInput("Printers support the changeType 'updated' only.");
  if (target.kind === 'jobStarted' && query !== undefined)
    throw invalidInput('notificationQueryOptions is not supported for this resource.');
  const tls = optionalString(body, 'latestSupportedTlsVersion') ?? 'v1_2';
  if (!/^v1_[0-3]$/.test(tls))
    throw invalidInput('latestSupportedTlsVersion must be v1_0, v1_1, v1_2 or v1_3.');
  return {
    ...target,
    resource,
    changeType,
    notificationUrl,
    expiresAt,
    latestSupportedTlsVersion: tls,
    ...(lifecycle === undefined
      ? {}
      : { lifecycleNotificationUrl: checkUrl(lifecycle, 'lifecycleNotificationUrl') }),
    ...(query === undefined ? {} : { notificationQueryOptions: query }),
    ...(clientState === undefined ? {} : { clientState }),
  };
}

/** https only; plain http is let through on loopback alone (a departure, see README.md). */
export function checkUrl(text: string, name: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalidInput(`${name} is not a valid URL.`);
  }
  const loopback = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (text.length > MAX_URL) throw invalidInput(`${name} is too long.`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    throw invalidInput(`${name} must be an https URL.`);
  return text;
}

/** The time of expiry in milliseconds, raised to 45 minutes ahead; over 4,230 minutes is refused or cut, by variant. */
export function parseExpiry(
  text: string,
  now: number,
  variants: Pick<Variants, 'expiryOverMaximum'>,
): number {
  const wanted = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(wanted)) throw invalidInput('expirationDateTime must be a date and time in UTC.');
  if (wanted <= now) throw invalidInput('expirationDateTime must be in the future.');
  const highest = now + MAX_MINUTES * 60_000;
  if (wanted > highest && variants.expiryOverMaximum === 'reject')
    throw invalidInput(`Subscription expiration can only be ${String(MAX_MINUTES)} minutes in the future.`);
  return Math.min(Math.max(wanted, now + MIN_MINUTES * 60_000), highest);
}

function parseResource(resource: string): Pick<SubscriptionRequest, 'kind' | 'targetId'> {
  const started = /^\/?print\/taskDefinitions\/([^/]+)\/tasks$/i.exec(resource)?.[1];
  if (started !== undefined) return { kind: 'jobStarted', targetId: started.toLowerCase() };
  const fetchable = /^\/?print\/printers\/([^/]+)\/jobs$/i.exec(resource)?.[1];
  if (fetchable !== undefined) return { kind: 'jobFetchable', targetId: fetchable.toLowerCase() };
  throw invalidInput(`The resource '${resource}' is not supported.`);
}
