import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import { parseId } from '../parse';
import type { VerifyTokens } from './receive';
import { createSigningKeys, type SigningKeysDependencies } from './signingKeys';

export interface TokenVerifierDependencies extends SigningKeysDependencies {
  /** ENTRA_AUTHORITY_HOST, without a slash at the end. */
  authorityHost: string;
  /** Our own app id, lower-cased: the audience. */
  clientId: string;
}

/** Microsoft Graph Change Tracking (concepts/change-notifications-with-resource-data.md). */
const GRAPH_PUBLISHER_APP_ID = '0bf30f3b-4a52-48df-9a82-234910c4a086';

/** Sign-in hosts that may stand in an issuer (concepts/deployments.md); the signature is checked in any case. */
const LOGIN_HOSTS = [
  'https://login.microsoftonline.com',
  'https://login.microsoftonline.us',
  'https://login.chinacloudapi.cn',
];

/** Clocks differ; Entra gives the same allowance no number, so this one is small. */
const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Checks all validationTokens of a batch (concepts/change-notifications-with-resource-data.md): signature, lifetime,
 * our app as audience, Graph's publisher as the calling app, and a tenant that the batch names, in both forms of
 * token. Fetches keys on first use only.
 */
export function createTokenVerifier(dependencies: TokenVerifierDependencies): VerifyTokens {
  const { authorityHost, clientId, clock } = dependencies;
  const v1Keys = createSigningKeys(dependencies, `${authorityHost}/common/discovery/keys`);
  const v2Keys = createSigningKeys(dependencies, `${authorityHost}/common/discovery/v2.0/keys`);

  return async (tokens, tenants) => {
    if (!Array.isArray(tokens)) return false;
    const checks = await Promise.allSettled(tokens.map((token: unknown) => isGood(token, tenants)));
    if (checks.some((check) => check.status === 'fulfilled' && !check.value)) return false;
    for (const check of checks) if (check.status === 'rejected') throw check.reason;
    return true;
  };

  async function isGood(token: unknown, tenants: ReadonlySet<string>): Promise<boolean> {
    if (typeof token !== 'string') return false;
    try {
      const form = formOf(decodeJwt(token), tenants);
      if (!form) return false;
      await jwtVerify(token, form === 'v1' ? v1Keys : v2Keys, {
        audience: clientId,
        algorithms: ['RS256'],
        currentDate: new Date(clock.now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['exp'],
      });
      return true;
    } catch (error) {
      if (error instanceof errors.JOSEError) return false;
      throw error;
    }
  }

  /** The form that the claims have if they are those of Graph for a tenant of the batch. Not yet believed. */
  function formOf(claims: JWTPayload, tenants: ReadonlySet<string>): 'v1' | 'v2' | undefined {
    const { iss, tid, appid, azp } = claims;
    const tenantId = parseId(tid);
    if (tenantId === undefined || !tenants.has(tenantId)) return undefined;
    if (iss === `https://sts.windows.net/${tenantId}/`) {
      return appid === GRAPH_PUBLISHER_APP_ID ? 'v1' : undefined;
    }
    const known = [authorityHost, ...LOGIN_HOSTS].some((host) => iss === `${host}/${tenantId}/v2.0`);
    return known && azp === GRAPH_PUBLISHER_APP_ID ? 'v2' : undefined;
  }
}
