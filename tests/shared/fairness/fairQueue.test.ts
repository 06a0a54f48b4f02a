import { ReceiverError } from '../../../shared/errors';
import {
  createAllowances,
  createFairQueue,
  saysMore,
  tenantOf,
  withFallback,
  withMore,
} from '../../../shared/fairness/fairQueue';
import { createMessageSigner } from '../../../shared/storage/signedMessages';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueue } from '../../support/memoryQueue';
import { testKey } from '../../support/testKey';

const signer = createMessageSigner([{ keyId: 'k1', key: testKey(1) }], 'print-notifications');
const textOf = (tenantId: string) => JSON.stringify({ event: { v: 1, tenantId } });
const parsed = (text: string) => JSON.parse(text) as unknown;

function open() {
  const clock = createFakeClock();
  const [triggered, waiting] = [createMemoryQueue(), createMemoryQueue()];
  const queue = createFairQueue({ triggered, waiting, allowances: createAllowances(clock), signer });
  return { clock, triggered, waiting, queue };
}

describe('what a tenant sends', () => {
  it('goes to the triggered queue up to its allowance, the rest to the waiting queue, and all of it is kept', async () => {
    const { queue, triggered, waiting } = open();
    for (let n = 0; n < 100; n += 1) await queue.send(textOf('a'));
    expect([triggered.sent.length, waiting.sent.length]).toEqual([16, 84]);
  });

  it('leaves the allowance of other tenants alone', async () => {
    const { queue, triggered } = open();
    for (let n = 0; n < 100; n += 1) await queue.send(textOf('a'));
    await queue.send(textOf('b'));
    expect(tenantOf(triggered.sent.at(-1)?.text ?? '')).toBe('b');
  });

  it('gets 8 more a second, and never more than 16 at once', async () => {
    const { queue, triggered, clock } = open();
    const burst = async () => {
      const before = triggered.sent.length;
      for (let n = 0; n < 40; n += 1) await queue.send(textOf('a'));
      return triggered.sent.length - before;
    };
    await burst();
    clock.advance(1_000);
    expect(await burst()).toBe(8);
    clock.advance(3_600_000);
    expect(await burst()).toBe(16);
  });

  it('says on the last message within the allowance that more may wait, and on no other', async () => {
    const { queue, triggered, waiting } = open();
    for (let n = 0; n < 20; n += 1) await queue.send(textOf('a'));
    const says = triggered.sent.map(({ text }) => saysMore(parsed(text)));
    expect(says).toEqual([...Array.from({ length: 15 }, () => false), true]);
    expect(waiting.sent.some(({ text }) => saysMore(parsed(text)))).toBe(false);
  });

  it('carries a valid mac wherever it lies', async () => {
    const { queue, triggered, waiting } = open();
    for (let n = 0; n < 20; n += 1) await queue.send(textOf('a'));
    await queue.send(textOf('a'), { delaySeconds: 61 });
    const checks = [...triggered.sent, ...waiting.sent].map(({ text }) => signer.check(parsed(text)));
    expect(new Set(checks)).toEqual(new Set(['valid']));
    expect(signer.check(parsed(withMore(signer.sign(textOf('a')))))).toBe('valid');
  });
});

it('a wait of more than a minute lies without a trigger: the platform counts hidden messages of a triggered queue', async () => {
  const { queue, triggered, waiting } = open();
  for (const delaySeconds of [1, 60, 61, 3_600]) await queue.send(textOf('a'), { delaySeconds });
  expect(triggered.sent.map(({ delaySeconds }) => delaySeconds)).toEqual([1, 60]);
  expect(waiting.sent.map(({ delaySeconds }) => delaySeconds)).toEqual([61, 3_600]);
});

describe('a waiting queue that is missing or refuses the app', () => {
  it('costs no try: what waits longer than a minute is hidden in the triggered queue for a minute', async () => {
    const { queue, triggered, waiting } = open();
    waiting.failNext(1);
    await queue.send(textOf('a'), { delaySeconds: 600 });
    expect(triggered.sent).toMatchObject([{ delaySeconds: 60 }]);
    expect(signer.check(parsed(triggered.sent[0]?.text ?? ''))).toBe('valid');
  });

  it('delays nothing that a tenant sends beyond its allowance', async () => {
    const { queue, triggered, waiting } = open();
    waiting.failNext(4);
    for (let n = 0; n < 20; n += 1) await queue.send(textOf('a'));
    expect(triggered.sent.map(({ delaySeconds }) => delaySeconds)).toEqual(Array.from({ length: 20 }, () => 0));
  });

  it('hides a message that has to leave its worker for a minute', async () => {
    const { triggered, waiting } = open();
    waiting.failNext(1);
    await withFallback(waiting, triggered, 60).send(textOf('a'));
    expect(triggered.sent).toMatchObject([{ delaySeconds: 60 }]);
  });

  it('is no reason to send what is aborted, and other errors are reported', async () => {
    const { triggered } = open();
    const refuse = (error: Error) => ({ send: () => Promise.reject(error) });
    const signal = AbortSignal.abort(new Error('too late'));
    const refused = refuse(new ReceiverError('queueUnavailable', 'Queue storage answered 404'));
    await expect(withFallback(refused, triggered).send(textOf('a'), { signal })).rejects.toThrow('404');
    await expect(withFallback(refuse(new Error('a bug')), triggered).send(textOf('a'))).rejects.toThrow('a bug');
    expect(triggered.sent).toEqual([]);
  });
});

describe('what a tenant sends with a delay', () => {
  it('goes to the triggered queue twice for the second in which it is due, the rest to the waiting queue', async () => {
    const { queue, triggered, waiting } = open();
    for (let n = 0; n < 50; n += 1) await queue.send(textOf('a'), { delaySeconds: 10 });
    expect([triggered.sent.length, waiting.sent.length]).toEqual([2, 48]);
    expect(waiting.sent.every(({ delaySeconds }) => delaySeconds === 10)).toBe(true);
    await queue.send(textOf('a'), { delaySeconds: 11 });
    await queue.send(textOf('b'), { delaySeconds: 10 });
    expect(triggered.sent).toHaveLength(4);
  });

  it('says on the second one of a second that more may wait', async () => {
    const { queue, triggered } = open();
    for (let n = 0; n < 3; n += 1) await queue.send(textOf('a'), { delaySeconds: 10 });
    expect(triggered.sent.map(({ text }) => saysMore(parsed(text)))).toEqual([false, true]);
  });

  it('takes nothing from what the tenant may send without a delay', async () => {
    const { queue, triggered } = open();
    for (let n = 0; n < 50; n += 1) await queue.send(textOf('a'), { delaySeconds: 10 });
    for (let n = 0; n < 50; n += 1) await queue.send(textOf('a'));
    expect(triggered.sent).toHaveLength(2 + 16);
  });

  it('occupies at most 5 instances of 24 messages, hidden for up to a minute', async () => {
    const { queue, triggered } = open();
    for (let n = 0; n < 3_000; n += 1) await queue.send(textOf('a'), { delaySeconds: (n % 60) + 1 });
    expect(triggered.sent.length / 24).toBeLessThanOrEqual(5);
  });
});

it('a message says once that more waits', () => {
  const once = withMore(textOf('a'));
  expect(withMore(once)).toBe(once);
  expect(saysMore(parsed(textOf('a')))).toBe(false);
  expect(saysMore('text')).toBe(false);
});

it.each(['garbage', '[]', '{"event":1}', '{"event":{"tenantId":7}}'])('%s names no tenant', (text) => {
  expect(tenantOf(text)).toBeUndefined();
});
