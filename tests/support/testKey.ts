import { createHash } from 'node:crypto';

/** One of any number of 32-byte keys, each always the same. For tests only. */
export function testKey(number: number): Buffer {
  return createHash('sha256').update(`test key ${number}`).digest();
}
