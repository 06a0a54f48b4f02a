import { createAllowances, createFairQueue, saysMore, tenantOf, withMore } from '../../../shared/fairness/fairQueue';
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

it('a message says once that more waits', () => {
  const once = withMore(textOf('a'));
  expect(withMore(once)).toBe(once);
  expect(saysMore(parsed(textOf('a')))).toBe(false);
  expect(saysMore('text')).toBe(false);
});

it.each(['garbage', '[]', '{"event":1}', '{"event":{"tenantId":7}}'])('%s names no tenant', (text) => {
  expect(tenantOf(text)).toBeUndefined();
});
