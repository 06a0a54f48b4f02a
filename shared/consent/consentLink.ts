import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../config';

/** keyId, tenant, mac. The mac is the 43 characters of base64url(SHA-256). */
const FORM = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9-]{1,64})\.([A-Za-z0-9_-]{43})$/;

/**
 * The `state` of a tenant's consent link: signed like a clientState, so that the page the administrator comes back to
 * can tell our links from others without a store. The same link each time, until another key signs.
 */
export function signConsentState([{ keyId, key }]: KeyRing, tenantId: string): string {
  return `${keyId}.${tenantId}.${computeMac(key, keyId, tenantId)}`;
}

/** The tenant that a `state` was signed for, or undefined when it is none of ours or its key has left the ring. */
function verifyConsentState(ring: KeyRing, state: string | null): string | undefined {
  const [, keyId = '', tenantId = '', mac = ''] = FORM.exec(state ?? '') ?? [];
  const found = ring.find((candidate) => candidate.keyId === keyId);
  if (!found) return undefined;
  const expected = computeMac(found.key, keyId, tenantId);
  return timingSafeEqual(Buffer.from(expected), Buffer.from(mac)) ? tenantId : undefined;
}

/** The colons keep it apart from the mac of a clientState, which has none: neither can serve as the other. */
function computeMac(key: Buffer, keyId: string, tenantId: string): string {
  return createHmac('sha256', key).update(`consent:${keyId}:${tenantId}`).digest('base64url');
}

/** What a consent link is made of; a `Config` serves. */
export interface ConsentSettings {
  authorityHost: string;
  clientId: string;
  publicBaseUrl: string;
  clientStateKeys: KeyRing;
}

/**
 * Where an administrator of the customer grants what the app registration asks for (concepts/auth-v2-service.md). Entra
 * sends the administrator back to GET /api/consent, which must be a redirect URI of the app registration.
 */
export function consentUrl(settings: ConsentSettings, tenantId: string): string {
  const { authorityHost, clientId, publicBaseUrl, clientStateKeys } = settings;
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: `${publicBaseUrl}/consent`,
    state: signConsentState(clientStateKeys, tenantId),
  });
  return `${authorityHost}/${tenantId}/adminconsent?${query.toString()}`;
}

/** What Entra's answer to a consent link says. */
export type ConsentVerdict =
  | { outcome: 'consented'; tenantId: string }
  /** `error` is Entra's word, such as access_denied; undefined when it gave none of that form. */
  | { outcome: 'declined'; tenantId: string; error?: string }
  /** The administrator signed in to another tenant than the link was made for. */
  | { outcome: 'otherTenant'; tenantId: string }
  /** The link is none of ours, or its key has left the ring. */
  | { outcome: 'unknownLink' };

/**
 * Reads the query that Entra sends the administrator back with: `tenant`, `state` and `admin_consent=True`, or `error`
 * (concepts/auth-v2-service.md). Nothing is believed before the state is proven ours, and nothing is stored: a tenant is
 * served because an operator added it, never because somebody opened this page.
 */
export function judgeConsent(ring: KeyRing, query: URLSearchParams): ConsentVerdict {
  const tenantId = verifyConsentState(ring, query.get('state'));
  if (tenantId === undefined) return { outcome: 'unknownLink' };
  const error = /^[a-z_]{1,64}$/.exec(query.get('error') ?? '')?.[0];
  if (query.has('error') || query.get('admin_consent')?.toLowerCase() !== 'true') {
    return { outcome: 'declined', tenantId, ...(error === undefined ? {} : { error }) };
  }
  const same = query.get('tenant')?.toLowerCase() === tenantId;
  return { outcome: same ? 'consented' : 'otherTenant', tenantId };
}
