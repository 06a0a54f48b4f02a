import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
import { type Clock, CLOCK_SKEW_MS } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import { isRecord, parseId } from '../parse';
import { SIGN_IN_HOSTS } from '../settings/clouds';
import type { VerifyTokens } from './receive';

export interface SigningKeysDependencies {
  fetch: (url: string, init: { signal: AbortSignal }) => Promise<Response>;
  clock: Pick<Clock, 'now'>;
}

export interface TokenVerifierDependencies extends SigningKeysDependencies {
  /** ENTRA_AUTHORITY_HOST, without a slash at the end. */
  authorityHost: string;
  /** Our own app id, lower-cased: the audience. */
  clientId: string;
}

/** Microsoft Graph Change Tracking (concepts/change-notifications-with-resource-data.md). */
const GRAPH_PUBLISHER_APP_ID = '0bf30f3b-4a52-48df-9a82-234910c4a086';

/** Entra rolls its keys without notice; apps should look at least once a day (entra/identity-platform/signing-key-rollover). */
export const KEYS_MAX_AGE_MS = 24 * 60 * 60 * 1000;
/** A token with an unknown key starts a fetch at most this often. */
export const KEYS_COOLDOWN_MS = 30_000;
/** After a failed fetch none is started for this long. Graph delivers the batch again. */
export const FAILED_FETCH_COOLDOWN_MS = 10_000;
/** Below the 2.5 s that the whole answer may take. */
const FETCH_TIMEOUT_MS = 2_000;

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
    // Graph sends one for each tenant of the batch. More would only cost time.
    const looked: unknown[] = tokens.slice(0, Math.max(1, tenants.size));
    const checks = await Promise.allSettled(looked.map((token) => isGood(token, tenants)));
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
        clockTolerance: CLOCK_SKEW_MS / 1_000,
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
    const known = [authorityHost, ...SIGN_IN_HOSTS].some((host) => iss === `${host}/${tenantId}/v2.0`);
    return known && azp === GRAPH_PUBLISHER_APP_ID ? 'v2' : undefined;
  }
}

/**
 * The keys that Entra signs with. jose fetches them on first use, shares one fetch, keeps them and limits how often an
 * unknown key starts another. It has no cooldown after a failed fetch and no error of ours, so both are added here.
 *
 * @param url the JWKS document
 * @returns a key finder for jose, which rejects with ReceiverError `keysUnreachable` when the keys cannot be fetched
 */
export function createSigningKeys({ fetch, clock }: SigningKeysDependencies, url: string): JWTVerifyGetKey {
  let failedAt: number | undefined;
  let begun = 0;
  const fetchKeys: FetchImplementation = async (_url, { signal }) => {
    if (failedAt !== undefined && clock.now() - failedAt < FAILED_FETCH_COOLDOWN_MS) throw unreachable(url);
    begun += 1;
    try {
      const answer = await fetch(url, { signal });
      if (!answer.ok) throw unreachable(url, `status ${answer.status}`);
      const keys = parseKeys(await answer.json());
      failedAt = undefined;
      return Response.json({ keys });
    } catch (error) {
      failedAt = clock.now();
      if (error instanceof ReceiverError) throw error;
      throw unreachable(url, String(errorFields(error)['error']), error);
    }
  };
  const findKey = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: KEYS_MAX_AGE_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
    [customFetch]: fetchKeys,
  });
  return async (header, token) => {
    const begunBefore = begun;
    try {
      return await findKey(header, token);
    } catch (error) {
      // The key may be newer than the last fetch, which this call may have joined: not known yet is not bad.
      const isUndecided = error instanceof errors.JWKSNoMatchingKey && begun === begunBefore;
      throw isUndecided ? unreachable(url, 'a key is not known yet, and the last fetch was a moment ago') : error;
    }
  };
}

/** RFC 7517: an object with an array `keys` of objects. jose checks each key when it is used. */
function parseKeys(value: unknown): Record<string, unknown>[] {
  const keys: unknown = isRecord(value) ? value['keys'] : undefined;
  if (!Array.isArray(keys)) throw new TypeError('No array named keys');
  return keys.filter(isRecord).filter(({ kty }) => typeof kty === 'string');
}

function unreachable(url: string, reason = 'a fetch failed a moment ago', cause?: unknown): ReceiverError {
  return new ReceiverError('keysUnreachable', `Cannot fetch the signing keys at ${url} (${reason})`, {
    cause,
  });
}
