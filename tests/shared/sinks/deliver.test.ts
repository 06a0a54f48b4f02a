import { deliverEvent, deliverWaiting, type DeliverDeps } from '../../../shared/sinks/deliver';
import type { PostAnswer } from '../../../shared/sinks/post';
import { createSender } from '../../../shared/sinks/sender';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryQueueContents } from '../../support/memoryQueueContents';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const eventOf = (n: number) => ({
  specversion: '1.0',
  id: `t/job_${n}`,
  source: '/tenants/t',
  type: 'print.job.started',
  data: { n },
});
const OK: PostAnswer = { status: 200, headers: {} };

/** A sink whose answer a test chooses, and the queues. */
function open() {
  const clock = createFakeClock();
  const logger = createCapturedLogger();
  const waiting = createMemoryQueueContents(() => clock.now());
  const dead = createMemoryQueueContents(() => clock.now());
  const calls: { text: string; at: number }[] = [];
  const start = clock.now();
  let answer: (text: string) => PostAnswer = () => OK;
  const sink = ({ text }: { text: string }) => {
    calls.push({ text, at: clock.now() - start });
    return Promise.resolve(answer(text));
  };
  const deps: DeliverDeps = { sender: createSender({ sink, clock }), queues: { waiting, dead }, clock, logger };
  return {
    ...{ clock, logger, waiting, dead, calls, deps },
    answer: (next: typeof answer) => (answer = next),
    /** The timer, once a minute. */
    passMinutes: async (minutes: number) => {
      for (let n = 0; n < minutes; n += 1) {
        clock.advance(MINUTE);
        await deliverWaiting(deps);
      }
    },
  };
}

describe('an event', () => {
  it('is delivered as it is', async () => {
    const { deps, calls, waiting, logger } = open();
    await deliverEvent(deps, eventOf(1));
    expect(calls).toMatchObject([{ text: JSON.stringify(eventOf(1)) }]);
    expect(await waiting.count()).toBe(0);
    expect(logger.events).toEqual([{ level: 'info', event: 'event.delivered', id: 't/job_1', status: 200 }]);
  });

  it('that is not accepted waits unchanged in a queue without a trigger, and the function succeeds', async () => {
    const { deps, waiting, clock, answer, logger } = open();
    answer(() => ({ status: 500, headers: {} }));
    await deliverEvent(deps, eventOf(1));
    expect(waiting.texts()).toEqual([]);
    clock.advance(30 * SECOND);
    expect(waiting.texts()).toEqual([JSON.stringify(eventOf(1))]);
    expect(logger.events).toMatchObject([
      { level: 'warn', event: 'event.postponed', reason: 'status 500', delaySeconds: 30 },
    ]);
  });

  it('waits as long as a Retry-After says', async () => {
    const { deps, waiting, clock, answer, calls } = open();
    answer(() => ({ status: 429, headers: { 'retry-after': '900' } }));
    await deliverEvent(deps, eventOf(1));
    await deliverEvent(deps, eventOf(2));
    // The second one waits without a call.
    expect(calls).toHaveLength(1);
    clock.advance(900 * SECOND - 1);
    expect(waiting.texts()).toEqual([]);
    clock.advance(1);
    expect(waiting.texts()).toHaveLength(2);
  });

  it('is delivered by the timer once the sink has recovered', async () => {
    const { deps, passMinutes, answer, calls, waiting, dead } = open();
    answer(() => ({ noAnswer: 'ECONNREFUSED' }));
    for (let n = 0; n < 20; n += 1) await deliverEvent(deps, eventOf(n));
    await passMinutes(30);
    answer(() => OK);
    const before = calls.length;
    // Half of the time that they have waited, and the next run of the timer.
    await passMinutes(16);
    expect(new Set(calls.slice(before).map(({ text }) => text)).size).toBe(20);
    expect([await waiting.count(), await dead.count()]).toEqual([0, 0]);
  });

  it('is tried with growing waits for three days, and is dead then, with the reason in the log', async () => {
    const { deps, passMinutes, answer, calls, waiting, dead, logger } = open();
    answer(() => ({ status: 410, headers: {} }));
    await deliverEvent(deps, eventOf(1));
    await passMinutes((3 * DAY) / MINUTE - 1);
    expect(await waiting.count()).toBe(1);
    const waits = calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? 0));
    expect(waits[0]).toBe(MINUTE);
    expect(Math.max(...waits)).toBeLessThanOrEqual(HOUR + MINUTE);
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
    expect(waits.length).toBeGreaterThan(70);
    await passMinutes(62);
    expect(dead.texts()).toEqual([JSON.stringify(eventOf(1))]);
    expect(await waiting.count()).toBe(0);
    expect(logger.events.at(-1)).toMatchObject({
      level: 'error',
      event: 'event.dead',
      id: 't/job_1',
      reason: 'status 410',
    });
    // Nothing is tried any more.
    const before = calls.length;
    await passMinutes(120);
    expect(calls).toHaveLength(before);
  });

  it('that is not a CloudEvent is dead at once', async () => {
    const { deps, dead, logger, calls } = open();
    for (const message of ['text', { specversion: '1.0' }]) await deliverEvent(deps, message);
    expect(dead.texts()).toEqual(['text', '{"specversion":"1.0"}']);
    expect(calls).toEqual([]);
    expect(logger.events).toMatchObject(Array(2).fill({ event: 'event.dead', reason: 'malformed' }));
  });

  it('stays with the host when it can be stored nowhere', async () => {
    const { deps, answer, waiting } = open();
    answer(() => ({ status: 500, headers: {} }));
    waiting.send = () => Promise.reject(new Error('closed'));
    await expect(deliverEvent(deps, eventOf(1))).rejects.toThrow('closed');
  });
});

describe('the timer', () => {
  it('tries a few events a minute during an outage, whatever their number, and leaves the others visible', async () => {
    const { deps, passMinutes, answer, calls, waiting, clock } = open();
    for (let n = 0; n < 200; n += 1) await waiting.send(JSON.stringify(eventOf(n)));
    answer(() => ({ noAnswer: 'ETIMEDOUT' }));
    await passMinutes(1);
    expect(calls.length).toBeLessThanOrEqual(4);
    await passMinutes(9);
    expect(calls.length).toBeLessThanOrEqual(40);
    expect(waiting.texts().length).toBeGreaterThan(150);
    answer(() => OK);
    clock.advance(HOUR);
    expect(await deliverWaiting(deps)).toEqual({ delivered: 200, postponed: 0, dead: 0 });
  });

  it('moves all that is older than three days although the sink is paused', async () => {
    const { deps, answer, dead, waiting, clock } = open();
    for (let n = 0; n < 50; n += 1) await waiting.send(JSON.stringify(eventOf(n)));
    clock.advance(3 * DAY);
    for (let n = 50; n < 60; n += 1) await waiting.send(JSON.stringify(eventOf(n)));
    answer(() => ({ noAnswer: 'ETIMEDOUT' }));
    expect(await deliverWaiting(deps)).toMatchObject({ delivered: 0, dead: 50 });
    expect([await dead.count(), await waiting.count()]).toEqual([50, 10]);
  });

  it('delivers the others although one event fails each time', async () => {
    const { deps, answer, waiting, calls } = open();
    for (let n = 0; n < 20; n += 1) await waiting.send(JSON.stringify(eventOf(n)));
    answer((text) => (text.includes('job_3"') ? { status: 400, headers: {} } : OK));
    expect(await deliverWaiting(deps)).toEqual({ delivered: 19, postponed: 1, dead: 0 });
    expect(calls).toHaveLength(20);
  });

  it('continues with the others when one cannot be removed, and ends when the queue fails', async () => {
    const { deps, waiting, logger } = open();
    for (let n = 0; n < 3; n += 1) await waiting.send(JSON.stringify(eventOf(n)));
    const remove = waiting.remove.bind(waiting);
    let removals = 0;
    waiting.remove = (message) => (++removals === 1 ? Promise.reject(new Error('closed')) : remove(message));
    expect(await deliverWaiting(deps)).toMatchObject({ delivered: 2 });
    expect(logger.events).toContainEqual(expect.objectContaining({ event: 'event.notSettled' }));
    waiting.take = () => Promise.reject(new Error('closed'));
    await expect(deliverWaiting(deps)).rejects.toThrow('closed');
  });

  it('moves a message that is not a CloudEvent to the dead events', async () => {
    const { deps, waiting, dead } = open();
    await waiting.send('text');
    expect(await deliverWaiting(deps)).toMatchObject({ dead: 1 });
    expect(dead.texts()).toEqual(['text']);
  });
});
