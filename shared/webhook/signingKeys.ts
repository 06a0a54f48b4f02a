import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import { isRecord } from '../parse';

export interface SigningKeysDependencies {
  fetch: (url: string, init: { signal: AbortSignal }) => Promise<Response>;
  clock: Clock;
}

/** Entra rolls its keys without notice; apps should look at least once a day (entra/identity-platform/signing-key-rollover). */
export const KEYS_MAX_AGE_MS = 24 * 60 * 60 * 1000;
/** A token that names an unknown key may make us fetch again, but not more often than this. */
export const KEYS_COOLDOWN_MS = 30_000;
/** After a failed fetch nobody asks again for this long; Graph comes back with the batch. */
export const FAILED_FETCH_COOLDOWN_MS = 10_000;
/** Below the 2.5 s that the whole answer may take. */
const FETCH_TIMEOUT_MS = 2_000;

interface FetchedKeys {
  find: JWTVerifyGetKey;
  fetchedAt: number;
}

/**
 * The keys that Entra signs with, fetched on first use and kept.
 *
 * @param url the JWKS document
 * @returns a key finder for jose, which rejects with ReceiverError `keysUnreachable` when the keys cannot be had
 */
export function createSigningKeys({ fetch, clock }: SigningKeysDependencies, url: string): JWTVerifyGetKey {
  let known: FetchedKeys | undefined;
  let failedAt: number | undefined;
  let pending: Promise<FetchedKeys> | undefined;

  return async (header, token) => {
    const keys = known && clock.now() - known.fetchedAt < KEYS_MAX_AGE_MS ? known : await refresh();
    try {
      return await keys.find(header, token);
    } catch (error) {
      const unknownKey = error instanceof errors.JWKSNoMatchingKey;
      if (!unknownKey || clock.now() - keys.fetchedAt < KEYS_COOLDOWN_MS) throw error;
      return (await refresh()).find(header, token);
    }
  };

  /** One fetch at a time, shared by all who wait for it. */
  function refresh(): Promise<FetchedKeys> {
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function load(): Promise<FetchedKeys> {
    if (failedAt !== undefined && clock.now() - failedAt < FAILED_FETCH_COOLDOWN_MS) throw unreachable(url);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
      if (!answer.ok) throw unreachable(url, answer.status);
      known = { find: createLocalJWKSet(parseKeySet(await answer.json())), fetchedAt: clock.now() };
      failedAt = undefined;
      return known;
    } catch (error) {
      failedAt = clock.now();
      throw error instanceof ReceiverError ? error : unreachable(url, undefined, error);
    }
  }
}

/** RFC 7517: an object with an array `keys` of objects; each key is checked by jose when it is used. */
function parseKeySet(value: unknown): JSONWebKeySet {
  const keys: unknown = isRecord(value) ? value['keys'] : undefined;
  if (!Array.isArray(keys)) throw new TypeError('No array named keys');
  return { keys: keys.filter(isKey) };
}

function isKey(value: unknown): value is { kty: string } {
  return isRecord(value) && typeof value['kty'] === 'string';
}

function unreachable(url: string, status?: number, cause?: unknown): ReceiverError {
  const why = status === undefined ? '' : ` (status ${status})`;
  const what = cause === undefined ? '' : ` (${String(errorFields(cause)['error'])})`;
  return new ReceiverError(
    'keysUnreachable',
    `The signing keys at ${url} cannot be had${why}${what}: let the app reach ENTRA_AUTHORITY_HOST`,
    { cause },
  );
}
