import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from './keyRing';

/** `unknownKey`: the key is not in the ring. `wrongMac`: the text was not signed for this use. `unsigned`: it is no signature. */
export type TextCheck = 'valid' | 'unknownKey' | 'wrongMac' | 'unsigned';

/** Signs texts for one use. A signature is `{keyId}.{43 characters of base64url(SHA-256)}`. */
export interface TextSigner {
  /** Signs with the first key of the ring. */
  sign(text: string): string;
  /** Compares in constant time. */
  check(text: string, signature: string): TextCheck;
}

const FORM = /^([A-Za-z0-9_-]{1,16})\.([A-Za-z0-9_-]{43})$/;
const KEY_BYTES = 32;

/**
 * Signs with HMAC-SHA256, under a key that HKDF (RFC 5869) derives from each key of CLIENT_STATE_KEYS for the use that
 * `label` names, so that a signature of one use is not valid for another.
 */
export function createTextSigner(ring: KeyRing, label: string): TextSigner {
  const derive = ({ keyId, key }: KeyRing[number]) => ({
    keyId,
    key: Buffer.from(hkdfSync('sha256', key, '', label, KEY_BYTES)),
  });
  const first = derive(ring[0]);
  const keys = [first, ...ring.slice(1).map(derive)];
  const macOf = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return {
    sign: (text) => `${first.keyId}.${macOf(first.key, text)}`,
    check(text, signature) {
      const [, keyId, given = ''] = FORM.exec(signature) ?? [];
      if (keyId === undefined) return 'unsigned';
      const signedWith = keys.find((one) => one.keyId === keyId);
      if (!signedWith) return 'unknownKey';
      const expected = macOf(signedWith.key, text);
      return timingSafeEqual(Buffer.from(expected), Buffer.from(given)) ? 'valid' : 'wrongMac';
    },
  };
}

/** The id of the key that a signature names; nothing is verified. */
export function keyIdOf(signature: string): string | undefined {
  return FORM.exec(signature)?.[1];
}
