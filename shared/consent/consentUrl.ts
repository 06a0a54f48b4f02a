import type { KeyRing } from '../config';
import { signConsentState } from './consentState';

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
