import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import type { KeyRing } from '../../../shared/config';
import {
  admitMessage,
  createMessageSigner,
  createSignedQueue,
  holdMessage,
  type SignatureCheck,
} from '../../../shared/storage/signedMessages';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createMemoryQueue } from '../../support/memoryQueue';
import { testKey } from '../../support/testKey';

const QUEUE = 'print-notifications';
const K1 = { keyId: 'k1', key: testKey(1) };
const K2 = { keyId: 'k2', key: testKey(2) };
const EVENT = { v: 1, kind: 'jobFetchable', tenantId: 't', jobId: '5182', deferrals: 0, note: 'ü "quoted" \u2028' };
const NOW = '2026-03-01T12:00:00.000Z';
const TEXT = JSON.stringify({ event: EVENT });
const signerOf = (...ring: [typeof K1, ...(typeof K1)[]]) => createMessageSigner(ring satisfies KeyRing, QUEUE);
const parsed = (text: string) => JSON.parse(text) as Record<string, unknown>;

it('signs as docs/decisions/0002 says: HMAC over the event, under a key by HKDF for this queue', () => {
  const key = Buffer.from(hkdfSync('sha256', testKey(1), '', `queue ${QUEUE}`, 32));
  const mac = createHmac('sha256', key).update(JSON.stringify(EVENT)).digest('base64url');
  expect(parsed(signerOf(K1).sign(TEXT))).toEqual({ event: EVENT, mac: `k1.${mac}` });
});

it('accepts what it signed, with any key of the ring', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (event) => {
      const message = parsed(signerOf(K1).sign(JSON.stringify({ event })));
      expect(signerOf(K2, K1).check(message)).toBe('valid');
    }),
  );
});

it.each<[string, unknown, SignatureCheck]>([
  ['a changed event', { ...parsed(signerOf(K1).sign(TEXT)), event: { ...EVENT, jobId: '5183' } }, 'wrongMac'],
  ['an additional field', { ...parsed(signerOf(K1).sign(TEXT)), event: { ...EVENT, generation: 1 } }, 'wrongMac'],
  ['the mac of another key under our id', parsed(signerOf({ ...K2, keyId: 'k1' }).sign(TEXT)), 'wrongMac'],
  ['the mac of another queue', parsed(createMessageSigner([K1], 'subscription-events').sign(TEXT)), 'wrongMac'],
  ['a mac under the key itself', { event: EVENT, mac: `k1.${macUnderKey()}` }, 'wrongMac'],
  ['a key that is not in the ring', parsed(signerOf(K2).sign(TEXT)), 'unknownKey'],
  ['no mac', { event: EVENT }, 'unsigned'],
  ['a mac of another form', { event: EVENT, mac: 'k1.short' }, 'unsigned'],
  ['a mac that is no text', { event: EVENT, mac: 5 }, 'unsigned'],
  ['no event', { mac: 'k1' }, 'other'],
  ['text', 'garbage', 'other'],
  ['null', null, 'other'],
])('%s is %3$p', (_name, message, check) => {
  expect(signerOf(K1).check(message)).toBe(check);
});

function macUnderKey(): string {
  return createHmac('sha256', K1.key).update(JSON.stringify(EVENT)).digest('base64url');
}

describe('admission', () => {
  const open = (now = NOW) => ({
    name: QUEUE,
    clock: { now: () => Date.parse(now) },
    signer: signerOf(K1),
    waiting: createMemoryQueue(),
    poison: createMemoryQueue(),
    logger: createCapturedLogger(),
  });

  it('admits a signed message, and a value of another form, which the parser reports', async () => {
    const deps = open();
    const sent = createMemoryQueue();
    await createSignedQueue(sent, signerOf(K1)).send(TEXT);
    expect(await admitMessage(deps, parsed(sent.sent[0]?.text ?? ''))).toBe(true);
    expect(await admitMessage(deps, 'garbage')).toBe(true);
    expect(deps.waiting.sent.length + deps.poison.sent.length).toBe(0);
  });

  it('holds a message with an unknown key for a minute without a trigger, because the key may be restored', async () => {
    const deps = open();
    const message = parsed(signerOf(K2).sign(TEXT));
    expect(await admitMessage(deps, message)).toBe(false);
    expect(deps.waiting.sent).toMatchObject([{ delaySeconds: 60 }]);
    expect(parsed(deps.waiting.sent[0]?.text ?? '')).toEqual({ ...message, heldSince: NOW });
    expect(deps.poison.sent).toEqual([]);
    expect(deps.logger.events).toMatchObject([{ level: 'warn', event: 'message.held', cause: 'unknownKey' }]);
  });

  it('admits a message that was held once its key is restored', async () => {
    const message = { ...parsed(signerOf(K2).sign(TEXT)), heldSince: NOW };
    expect(await admitMessage({ ...open(), signer: signerOf(K1, K2) }, message)).toBe(true);
  });

  it.each([
    ['after a minute', '2026-03-01T12:01:00.000Z', 60],
    ['after ten minutes', '2026-03-01T12:10:00.000Z', 300],
    ['after three days', '2026-03-04T12:00:00.000Z', 600],
    ['by a clock that is behind', '2026-03-01T11:59:00.000Z', 60],
  ])('holds it longer each time, at most ten minutes: %s', async (_name, now, delaySeconds) => {
    const deps = open(now);
    const message = { ...parsed(signerOf(K2).sign(TEXT)), heldSince: NOW };
    expect(await admitMessage(deps, message)).toBe(false);
    expect(deps.waiting.sent).toMatchObject([{ delaySeconds }]);
  });

  it('poisons it after seven days without its key', async () => {
    const deps = open('2026-03-08T12:00:00.000Z');
    const message = { ...parsed(signerOf(K2).sign(TEXT)), heldSince: NOW };
    expect(await admitMessage(deps, message)).toBe(false);
    expect(deps.waiting.sent).toEqual([]);
    expect(deps.poison.sent.map(({ text }) => parsed(text))).toEqual([message]);
    expect(deps.logger.events).toMatchObject([{ level: 'error', event: 'message.refused', reason: 'unknownKey' }]);
  });

  it('holds a text that is no message of ours as it is', async () => {
    const deps = open();
    await holdMessage(deps, 'garbage', 'configInvalid');
    await holdMessage(deps, { specversion: '1.0' }, 'configInvalid');
    expect(deps.waiting.sent.map(({ text }) => text)).toEqual(['garbage', '{"specversion":"1.0"}']);
  });

  it.each(['unsigned', 'wrongMac'] as const)('poisons a message that is %s, and counts it', async (reason) => {
    const deps = open();
    const mac = reason === 'unsigned' ? {} : { mac: `k1.${'A'.repeat(43)}` };
    expect(await admitMessage(deps, { event: EVENT, ...mac })).toBe(false);
    expect(deps.waiting.sent).toEqual([]);
    expect(deps.poison.sent.map(({ text }) => parsed(text))).toEqual([{ event: EVENT, ...mac }]);
    expect(deps.logger.events).toMatchObject([{ level: 'error', event: 'message.refused', reason, queue: QUEUE }]);
  });
});
