import fc from 'fast-check';
import type { KeyRing } from '../../../shared/config';
import { signClientState, verifyClientState, watchTag, hasKey, keyCheckOf } from '../../../shared/watches/clientState';
import { CLIENT_ID, DEFINITION, PRINTER, TENANT_A, TENANT_B } from '../../support/notifications';
import { testKey } from '../../support/testKey';

/*
 * Fixed vectors, made with openssl and not with this code; the key is 32 bytes of 07:
 *   tag: printf 'jobStarted:dddddddd-0000-4000-8000-000000000003' | openssl dgst -sha256 -binary | base64 | tr '+/' '-_' | cut -c1-22
 *   mac: printf "k1.0.aaaaaaaa-0000-4000-8000-000000000001.7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001.$tag" |
 *        openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 -binary | base64 | tr '+/' '-_' | tr -d '='
 */
const STARTED = 'k1.0.0KVGkzMS3PzneypZXVkqMA.4wQMiruOtfXaVg4bX2FSnFggCkpYUEVa_XrbsfefJNw';
const FETCHABLE = 'k1.12.qFAYydR2okof_x_ezKkTf9.I7LGsBtgDClmodbjucr0rAv12dl6Y-aDYCFYF4S14ik';

const ring: KeyRing = [{ keyId: 'k1', key: Buffer.alloc(32, 7) }];
const newKey = { keyId: 'k2', key: testKey(8) };
const SCOPE_A = { tenantId: TENANT_A, clientId: CLIENT_ID };
const SCOPE_B = { tenantId: TENANT_B, clientId: CLIENT_ID };
const started = { tag: watchTag({ kind: 'jobStarted', id: DEFINITION }), generation: 0 };
const fetchable = {
  tag: watchTag({ kind: 'jobFetchable', id: PRINTER }),
  generation: 12,
};

it('signs as docs/decisions/0002 says (vectors by openssl)', () => {
  expect(signClientState(ring, SCOPE_A, started)).toBe(STARTED);
  expect(signClientState(ring, SCOPE_B, fetchable)).toBe(FETCHABLE);
});

it('verifies what openssl signed', () => {
  expect(verifyClientState(ring, SCOPE_A, STARTED)).toEqual({
    outcome: 'valid',
    state: { keyId: 'k1', generation: 0, tag: '0KVGkzMS3PzneypZXVkqMA' },
  });
  expect(verifyClientState(ring, SCOPE_B, FETCHABLE)).toMatchObject({ state: { generation: 12 } });
});

it('stays within the 128 characters of a clientState (resources/subscription.md), at its longest', () => {
  const longest: KeyRing = [{ keyId: 'k'.repeat(16), key: Buffer.alloc(32, 7) }];
  const state = signClientState(longest, SCOPE_A, { ...started, generation: 999_999_999 });
  expect(state.length).toBeLessThanOrEqual(128);
  expect(verifyClientState(longest, SCOPE_A, state)).toHaveProperty('outcome', 'valid');
});

it('signs with the first key and verifies with all, so that keys can be exchanged', () => {
  expect(signClientState([newKey, ...ring], SCOPE_A, started)).toMatch(/^k2\./);
  expect(verifyClientState([newKey, ...ring], SCOPE_A, STARTED)).toHaveProperty('outcome', 'valid');
  expect(verifyClientState([newKey], SCOPE_A, STARTED)).toEqual({ outcome: 'unknownKey', keyId: 'k1' });
});

it('refuses the clientState of another tenant, and one of another app such as that of a test deployment', () => {
  expect(verifyClientState(ring, { ...SCOPE_A, clientId: TENANT_B }, STARTED)).toEqual({ outcome: 'wrongMac' });
  expect(verifyClientState(ring, SCOPE_B, STARTED)).toEqual({ outcome: 'wrongMac' });
});

it.each([undefined, null, ''])('%p is missing', (value) => {
  expect(verifyClientState(ring, SCOPE_A, value)).toEqual({ outcome: 'missing' });
});

it('refuses every change of a single character', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
  for (let at = 0; at < STARTED.length; at += 1) {
    for (const character of alphabet) {
      if (character === STARTED[at]) continue;
      const changed = STARTED.slice(0, at) + character + STARTED.slice(at + 1);
      expect(verifyClientState(ring, SCOPE_A, changed).outcome).not.toBe('valid');
    }
  }
});

it('refuses every cut, insertion and exchange of parts', () => {
  fc.assert(
    fc.property(fc.nat(STARTED.length), fc.nat(STARTED.length), fc.string({ maxLength: 3 }), (from, to, text) => {
      const changed = STARTED.slice(0, from) + text + STARTED.slice(to);
      fc.pre(changed !== STARTED);
      expect(verifyClientState(ring, SCOPE_A, changed).outcome).not.toBe('valid');
    }),
  );
});

it('accepts everything it signed, and no other tenant, app, tag, generation or key', () => {
  const watch = fc.record({
    scope: fc.record({ tenantId: fc.uuid(), clientId: fc.uuid() }),
    tag: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
    generation: fc.nat(999_999_999),
  });
  fc.assert(
    fc.property(watch, fc.uint8Array({ minLength: 32, maxLength: 64 }), (signed, key) => {
      const own: KeyRing = [{ keyId: 'own', key: Buffer.from(key) }];
      const state = signClientState(own, signed.scope, signed);
      const { generation, tag, scope } = signed;
      expect(verifyClientState(own, scope, state)).toEqual({
        outcome: 'valid',
        state: { keyId: 'own', generation, tag },
      });
      for (const other of [
        { ...scope, tenantId: `${scope.tenantId}0` },
        { ...scope, clientId: `${scope.clientId}0` },
      ]) {
        expect(verifyClientState(own, other, state).outcome).toBe('wrongMac');
      }
      const other: KeyRing = [{ keyId: 'own', key: Buffer.concat([key, Buffer.from([1])]) }];
      expect(verifyClientState(other, scope, state).outcome).toBe('wrongMac');
    }),
  );
});

it('shortens a watch to 22 characters, as openssl computes them', () => {
  expect(watchTag({ kind: 'jobStarted', id: DEFINITION })).toBe('0KVGkzMS3PzneypZXVkqMA');
  expect(watchTag({ kind: 'jobFetchable', id: PRINTER })).toBe('qFAYydR2okof_x_ezKkTf9');
});

describe('the check of a key', () => {
  const [key] = ring;
  const changed = { keyId: key.keyId, key: testKey(9) };

  it('differs for two values of one id, and is eight characters that do not contain the key', () => {
    expect(keyCheckOf(key)).toMatch(/^[A-Za-z0-9_-]{8}$/);
    expect(keyCheckOf(changed)).not.toBe(keyCheckOf(key));
    expect(key.key.toString('base64url')).not.toContain(keyCheckOf(key));
  });

  it('says whether the ring verifies what a key has signed', () => {
    const signed = { keyId: key.keyId, keyCheck: keyCheckOf(key) };
    expect(hasKey([newKey, key], signed)).toBe(true);
    expect(hasKey([newKey], signed)).toBe(false);
    expect(hasKey([changed], signed)).toBe(false);
    // A row of an earlier version names the id alone.
    expect(hasKey([changed], { keyId: key.keyId })).toBe(true);
    expect(hasKey([key], {})).toBe(false);
  });
});
