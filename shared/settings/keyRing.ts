import type { Checked } from './clouds';

/** A key of the setting CLIENT_STATE_KEYS. */
export interface ClientStateKey {
  keyId: string;
  key: Buffer;
}

/** At least one key. The first signs, all verify. */
export type KeyRing = readonly [ClientStateKey, ...ClientStateKey[]];

/** 256 bits, the output length of SHA-256, which the keys sign with. */
const KEY_BYTES = 32;
/** Of 32 random bytes fewer than 16 are distinct once in about 10^14 keys. */
const LEAST_DISTINCT_BYTES = 16;

export const KEYS_FORM = `keyId:base64[,keyId:base64], keyId of 1 to 16 letters, digits, _ or -, each key ${KEY_BYTES} bytes or more (openssl rand -base64 32)`;

/** The keys in their order. The problem names the entry that is wrong, never a part of a key. */
export function checkKeyRing(text: string): Checked<KeyRing> {
  const keys: ClientStateKey[] = [];
  for (const [index, part] of text.split(',').entries()) {
    const entry = `entry ${index + 1}`;
    const read = readEntry(part.trim());
    if ('fault' in read) return { problem: `has ${read.fault} in ${entry}: set it to ${KEYS_FORM}` };
    const { keyId, key } = read;
    if (!looksRandom(key)) return { problem: `has a guessable key in ${entry}: use openssl rand -base64 32` };
    for (const [other, known] of keys.entries()) {
      if (known.keyId === keyId) return { problem: `has the keyId of entry ${other + 1} again in ${entry}: rename it` };
      if (known.key.equals(key))
        return { problem: `has the key of entry ${other + 1} again in ${entry}: use a new key` };
    }
    keys.push(read);
  }
  const [first, ...others] = keys;
  return first ? { value: [first, ...others] } : { problem: `has no key: set it to ${KEYS_FORM}` };
}

/** One entry, or its first fault, in the order in which an entry is read. */
function readEntry(entry: string): ClientStateKey | { fault: string } {
  if (entry === '') return { fault: 'no key' };
  const cut = entry.indexOf(':');
  // The text may be a key: no part of it is shown.
  if (cut < 1) return { fault: 'no keyId' };
  const [keyId, encoded] = [entry.slice(0, cut), entry.slice(cut + 1)];
  if (!/^[A-Za-z0-9_-]{1,16}$/.test(keyId)) return { fault: 'a keyId of another form' };
  if (encoded === '') return { fault: 'a keyId without a key' };
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(encoded)) return { fault: 'a key that is not base64' };
  const key = Buffer.from(encoded, 'base64');
  const fault = `a key of ${key.length} ${key.length === 1 ? 'byte' : 'bytes'}, which is too short,`;
  return key.length < KEY_BYTES ? { fault } : { keyId, key };
}

/** Refuses what people type to fill 32 bytes: one byte, a repeated word, a sequence. */
export function looksRandom(key: Buffer): boolean {
  if (new Set(key).size < LEAST_DISTINCT_BYTES) return false;
  const steps = new Set(key.subarray(1).map((byte, index) => byte - (key[index] ?? 0)));
  if (steps.size === 1) return false;
  // A text that repeats occurs in its double at a place other than its start and its middle.
  return Buffer.concat([key, key]).indexOf(key, 1) === key.length;
}
