import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../config';

/** keyId, tenant, day, mac. The mac is the 43 characters of base64url(SHA-256). */
const FORM = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9-]{1,64})\.(\d{1,6})\.([A-Za-z0-9_-]{43})$/;
const DAY_MS = 24 * 60 * 60_000;
/** Long enough for the administrators of a customer, short enough that an old mail is of no use. */
const VALID_DAYS = 30;

/**
 * The `state` of a tenant's consent link. It is signed like a clientState, so the page that the administrator returns to
 * recognizes its links without a store. It carries the day of `now` (milliseconds since 1970) and is valid for 30 days.
 */
export function signConsentState([{ keyId, key }]: KeyRing, tenantId: string, now: number): string {
  const day = String(Math.floor(now / DAY_MS));
  return `${keyId}.${tenantId}.${day}.${computeMac(key, keyId, tenantId, day)}`;
}

/** The tenant that a `state` was signed for, and its age in days. Undefined: the signature is not valid, or its key was removed. */
function verifyConsentState(ring: KeyRing, state: string | null, now: number) {
  const [, keyId = '', tenantId = '', day = '', mac = ''] = FORM.exec(state ?? '') ?? [];
  const found = ring.find((candidate) => candidate.keyId === keyId);
  if (!found) return undefined;
  const expected = computeMac(found.key, keyId, tenantId, day);
  if (!timingSafeEqual(Buffer.from(expected), Buffer.from(mac))) return undefined;
  return { tenantId, days: Math.floor(now / DAY_MS) - Number(day) };
}

/** A clientState is signed without colons, so neither mac is valid as the other. */
function computeMac(key: Buffer, keyId: string, tenantId: string, day: string): string {
  return createHmac('sha256', key).update(`consent:${keyId}:${tenantId}:${day}`).digest('base64url');
}

/** The part of `Config` that a consent link needs. */
export interface ConsentSettings {
  authorityHost: string;
  clientId: string;
  publicBaseUrl: string;
  clientStateKeys: KeyRing;
}

/**
 * The link where an administrator of the customer grants the permissions of the app registration
 * (concepts/auth-v2-service.md). Entra redirects to GET /api/consent, which must be a redirect URI of the app registration.
 */
export function consentUrl(settings: ConsentSettings, tenantId: string, now: number): string {
  const { authorityHost, clientId, publicBaseUrl, clientStateKeys } = settings;
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: `${publicBaseUrl}/consent`,
    state: signConsentState(clientStateKeys, tenantId, now),
  });
  return `${authorityHost}/${tenantId}/adminconsent?${query.toString()}`;
}

/** The result of a consent link. */
export type ConsentVerdict =
  /** With a fresh token, Graph grants what the app needs to receive the jobs of this tenant. */
  | { outcome: 'consented'; tenantId: string }
  /** The browser says so. Anyone who has the link can make it say so, any number of times. */
  | { outcome: 'unconfirmed'; tenantId: string }
  /** The link is older than 30 days. */
  | { outcome: 'expiredLink'; tenantId: string }
  /** `error` is Entra's code, such as access_denied. Undefined when there is no valid code. */
  | { outcome: 'declined'; tenantId: string; error?: string }
  /** The administrator signed in to another tenant than the link was made for. */
  | { outcome: 'otherTenant'; tenantId: string }
  /** The signature is not valid, or its key was removed. */
  | { outcome: 'unknownLink' };

/**
 * Reads the query of Entra's redirect: `tenant`, `state` and `admin_consent=True`, or `error`
 * (concepts/auth-v2-service.md). The state is verified first. Nothing is stored: only an operator adds a tenant.
 */
export function readConsent(ring: KeyRing, query: URLSearchParams, now: number): ConsentVerdict {
  const state = verifyConsentState(ring, query.get('state'), now);
  if (!state) return { outcome: 'unknownLink' };
  const { tenantId, days } = state;
  if (days > VALID_DAYS) return { outcome: 'expiredLink', tenantId };
  const error = /^[a-z_]{1,64}$/.exec(query.get('error') ?? '')?.[0];
  if (query.has('error') || query.get('admin_consent')?.toLowerCase() !== 'true') {
    return { outcome: 'declined', tenantId, ...(error === undefined ? {} : { error }) };
  }
  const same = query.get('tenant')?.toLowerCase() === tenantId;
  return { outcome: same ? 'unconfirmed' : 'otherTenant', tenantId };
}
