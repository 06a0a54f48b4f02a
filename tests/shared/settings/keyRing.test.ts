import { randomBytes } from 'node:crypto';
import { checkKeyRing } from '../../../shared/settings/keyRing';
import { testKey } from '../../support/testKey';

const base64 = (key: Buffer) => key.toString('base64');
const K1 = base64(testKey(1));

it('accepts every random key', () => {
  for (let times = 0; times < 2_000; times += 1) {
    expect(checkKeyRing(`k:${base64(randomBytes(32))}`)).toHaveProperty('value');
  }
});

it.each([
  ['zeros', Buffer.alloc(32)],
  ['one byte', Buffer.alloc(64, 0x5a)],
  ['a repeated word', Buffer.from('password'.repeat(4))],
  ['a repeated random word', Buffer.concat([testKey(1).subarray(0, 20), testKey(1).subarray(0, 20)])],
  ['a sequence', Buffer.from(Array.from({ length: 32 }, (_, index) => index))],
  ['a sequence downwards', Buffer.from(Array.from({ length: 40 }, (_, index) => 255 - 3 * index))],
])('refuses a guessable key: %s', (_name, key) => {
  expect(checkKeyRing(`k1:${K1},k2:${base64(key)}`)).toEqual({
    problem: 'has a guessable key in entry 2: use openssl rand -base64 32',
  });
});

it.each([
  ['foo', 'no keyId in entry 1'],
  [K1, 'no keyId in entry 1'],
  [`:${K1}`, 'no keyId in entry 1'],
  [`a.b:${K1}`, 'a keyId of another form in entry 1'],
  [`k1:${K1},${'k'.repeat(17)}:${K1}`, 'a keyId of another form in entry 2'],
  ['k1:', 'a keyId without a key in entry 1'],
  ['k1:"§$%', 'a key that is not base64 in entry 1'],
  [`k1:${K1} ${K1}`, 'a key that is not base64 in entry 1'],
  ['k1:QQ==', 'a key of 1 byte, which is too short, in entry 1'],
  [`k1:${K1},k2:${base64(testKey(2).subarray(1))}`, 'a key of 31 bytes, which is too short, in entry 2'],
  [`k1:${K1},`, 'no key in entry 2'],
  [`,k1:${K1}`, 'no key in entry 1'],
  ['', 'no key in entry 1'],
])('names the fault and the entry, and no part of a key: %s', (text, fault) => {
  const checked = checkKeyRing(text);
  expect(checked).toEqual({ problem: expect.stringMatching(`^has ${fault}: set it to keyId:base64`) as string });
  for (const part of ['foo', K1, 'a.b', '§']) expect(JSON.stringify(checked)).not.toContain(part);
});

it('refuses one keyId for two keys, because one of them would never verify', () => {
  expect(checkKeyRing(`k1:${K1},k1:${base64(testKey(2))}`)).toEqual({
    problem: 'has the keyId of entry 1 again in entry 2: rename it',
  });
});

it('refuses one key under two ids, because removing one of them would revoke nothing', () => {
  expect(checkKeyRing(`k1:${K1},k2:${base64(testKey(2))},k3:${testKey(1).toString('base64url')}`)).toEqual({
    problem: 'has the key of entry 1 again in entry 3: use a new key',
  });
});
