import type { KeyRing } from '../config';
import { verifyConsentState } from './consentState';

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
