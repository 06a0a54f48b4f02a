import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from '../config';

/** 22 characters of base64url hold 132 bits: they name the watch inside a clientState and do not reveal its id. */
const TAG_LENGTH = 22;

/** The short name of a watch inside its clientState. */
export function watchTag(watch: { kind: string; id: string }): string {
  return hash('sha256', `${watch.kind}:${watch.id}`, 'base64url').slice(0, TAG_LENGTH);
}

/** The content of a clientState whose mac is correct. */
export interface VerifiedClientState {
  keyId: string;
  /** Raised when the clientState is revoked. The worker refuses generations older than the one in the watch's row. */
  generation: number;
  /** Names the watch, see `watchTag`. */
  tag: string;
}

export type ClientStateCheck =
  | { outcome: 'valid'; state: VerifiedClientState }
  /** The exact form, but its key is not in our ring. Our key set may be wrong, so Graph is asked to retry. */
  | { outcome: 'unknownKey'; keyId: string }
  /** Missing, of another form, or with a wrong mac. */
  | { outcome: 'missing' | 'malformed' | 'wrongMac' };

/** base64url(SHA-256). */
const MAC_LENGTH = 43;

/** `{keyId}.{generation}.{tag}.{mac}`. */
const FORM = /^[A-Za-z0-9_-]{1,16}\.(?:0|[1-9]\d{0,8})\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/;

/** Room for the two macs that are compared: making a buffer costs more than the comparison. */
const EXPECTED = Buffer.alloc(MAC_LENGTH);
const RECEIVED = Buffer.alloc(MAC_LENGTH);

/** Whom a clientState is for. The app is in its mac, so that one of a test deployment is no good in production. */
export interface ClientStateScope {
  /** Of the notification or watch, lower-cased. */
  tenantId: string;
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
}

/**
 * The clientState of a watch's subscription, signed with the first key of the ring: at most 92 characters, under
 * Graph's 128 (resources/subscription.md).
 */
export function signClientState(
  ring: KeyRing,
  scope: ClientStateScope,
  { tag, generation }: { tag: string; generation: number },
): string {
  const { keyId, key } = ring[0];
  const signedBy = `${keyId}.${generation}`;
  return `${signedBy}.${tag}.${computeMac(key, signedBy, scope, tag)}`;
}

/**
 * Checks a clientState from outside against the tenant of its item and our app, without reading any store. The comparison takes the
 * same time for every wrong mac.
 */
export function verifyClientState(ring: KeyRing, scope: ClientStateScope, value: unknown): ClientStateCheck {
  if (value === undefined || value === null || value === '') return { outcome: 'missing' };
  if (typeof value !== 'string' || !FORM.test(value)) return { outcome: 'malformed' };
  const mac = value.slice(-MAC_LENGTH);
  const tag = value.slice(-MAC_LENGTH - 1 - TAG_LENGTH, -MAC_LENGTH - 1);
  const signedBy = value.slice(0, -MAC_LENGTH - TAG_LENGTH - 2);
  const dot = signedBy.indexOf('.');
  const keyId = signedBy.slice(0, dot);
  const key = ring.find((candidate) => candidate.keyId === keyId);
  if (!key) return { outcome: 'unknownKey', keyId };
  // Compared as text: four spellings of the last character decode to the same bytes, and only one is ours.
  EXPECTED.write(computeMac(key.key, signedBy, scope, tag), 'latin1');
  RECEIVED.write(mac, 'latin1');
  if (!timingSafeEqual(EXPECTED, RECEIVED)) return { outcome: 'wrongMac' };
  return { outcome: 'valid', state: { keyId, generation: Number(signedBy.slice(dot + 1)), tag } };
}

/** @param signedBy `{keyId}.{generation}` */
function computeMac(key: Buffer, signedBy: string, { tenantId, clientId }: ClientStateScope, tag: string): string {
  return createHmac('sha256', key).update(`${signedBy}.${tenantId}.${clientId}.${tag}`).digest('base64url');
}

const KEY_CHECK_LENGTH = 8;

/**
 * Names the value of a key beside its id, so that a key whose value was changed is found. 48 bits of a mac under a random key
 * of 32 bytes say nothing about the key.
 */
export function keyCheckOf({ key }: KeyRing[number]): string {
  return createHmac('sha256', key).update('keyCheck').digest('base64url').slice(0, KEY_CHECK_LENGTH);
}

/** Whether a clientState can be verified that the key `keyId` has signed. Rows of earlier versions have no `keyCheck`. */
export function hasKey(ring: KeyRing, signed: { keyId?: string | undefined; keyCheck?: string | undefined }): boolean {
  const key = ring.find(({ keyId }) => keyId === signed.keyId);
  return key !== undefined && (signed.keyCheck === undefined || signed.keyCheck === keyCheckOf(key));
}

/** What the webhook knows about the clientStates that were issued, without reading the rows of the watches. */
export interface ClientStateRecord {
  /** The id of every key that has signed one, also of keys that have left the ring. */
  keyIds: ReadonlySet<string>;
  /** For each watch with a revoked clientState, by `revocationName`: the lowest generation that is still valid. */
  revoked: ReadonlyMap<string, number>;
}

/** The name of a watch in `ClientStateRecord.revoked`. */
export function revocationName(tenantId: string, tag: string): string {
  return `${tenantId} ${tag}`;
}

/** Whether the record says that a clientState was revoked. The worker decides by the row of the watch. */
export function isRevoked(
  { revoked }: ClientStateRecord,
  tenantId: string,
  state: Pick<VerifiedClientState, 'generation' | 'tag'>,
): boolean {
  return revoked.size > 0 && state.generation < (revoked.get(revocationName(tenantId, state.tag)) ?? 0);
}
