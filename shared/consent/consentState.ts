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
export function verifyConsentState(ring: KeyRing, state: string | null): string | undefined {
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
