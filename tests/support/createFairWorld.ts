import { createCarrier } from '../../shared/fairness/carryWaiting';
import { createAllowances, createFairQueue, saysMore, tenantOf, withMore } from '../../shared/fairness/fairQueue';
import { createPlaces } from '../../shared/fairness/places';
import { createTurns } from '../../shared/fairness/turns';
import { createCapturedLogger } from './createCapturedLogger';
import { createVirtualTime } from './createVirtualTime';
import { createVirtualQueue } from './virtualQueue';

/** batchSize and newBatchThreshold of host.json. */
const HOST = { batchSize: 16, newBatchThreshold: 8, pollMs: 100 };

/** 0 to 1, spread evenly over successive numbers: the fractions of the multiples of the golden ratio. */
const fraction = (n: number) => (n * 0.618034) % 1;

/** One message that was worked on. Milliseconds since 1970. */
export interface Done {
  tenantId: string;
  sentAt: number;
  startedAt: number;
  endedAt: number;
}

/**
 * A webhook, two queues and hosts (queue trigger of the Functions host: 16 messages at a time in the order of the queue,
 * whenever 8 or fewer are in progress) with the fairness of the product, in virtual time.
 *
 * @param jobMs how long the messages of a tenant take
 */
export function createFairWorld(jobMs: (tenantId: string) => number, hosts = 1) {
  const clock = createVirtualTime();
  const triggered = createVirtualQueue(clock);
  const waiting = createVirtualQueue(clock);
  const logger = createCapturedLogger();
  const done: Done[] = [];
  const ended = new Map<string, number>();
  const using = new Map<string, number>();
  const most = new Map<string, number>();
  const silent = new Set<string>();
  let operationsOfWork = 0;
  const queue = createFairQueue({
    triggered,
    waiting,
    allowances: createAllowances(clock),
    signer: { sign: (text) => text },
  });
  const sendBack = (text: string) => triggered.send(withMore(text));

  async function work(text: string): Promise<boolean> {
    const { event } = JSON.parse(text) as { event: { tenantId: string; sentAt: number } };
    const { tenantId, sentAt } = event;
    const startedAt = clock.now();
    const count = (using.get(tenantId) ?? 0) + 1;
    using.set(tenantId, count);
    most.set(tenantId, Math.max(count, most.get(tenantId) ?? 0));
    await clock.sleep(jobMs(tenantId));
    using.set(tenantId, (using.get(tenantId) ?? 0) - 1);
    ended.set(tenantId, (ended.get(tenantId) ?? 0) + 1);
    done.push({ tenantId, sentAt, startedAt, endedAt: clock.now() });
    return true;
  }

  function startHost(index: number): void {
    const silence = { isSilent: (tenantId: string) => silent.has(tenantId) };
    const places = createPlaces({ silence, clock });
    const turns = createTurns({ silence, clock });
    const postpone = (text: string, delayMs: number) => waiting.send(text, { delaySeconds: delayMs / 1_000 });
    const carrier = createCarrier({ waiting, places, turns, clock, sendBack, postpone });
    const inProgress = new Set<Promise<void>>();
    const handle = async (text: string) => {
      const tenantId = tenantOf(text) ?? '';
      const mayRun = places.enter(tenantId);
      if (mayRun) {
        const startedAt = clock.now();
        await work(text);
        places.leave(tenantId, { tookMs: clock.now() - startedAt, isDone: true });
      } else await waiting.send(text, { delaySeconds: silent.has(tenantId) ? turns.next(tenantId, 0) / 1_000 : 0 });
      if (!mayRun || saysMore(JSON.parse(text))) await carrier.carry({ logger, work });
    };
    let polls = 0;
    const poll = async () => {
      for (;;) {
        const messages = await triggered.take(600, HOST.batchSize);
        for (const message of messages) {
          const run: Promise<void> = handle(message.text)
            .then(async () => void (await triggered.remove(message)))
            .finally(() => inProgress.delete(run));
          inProgress.add(run);
        }
        // The host varies its waits by 20 % (RandomizedExponentialBackoffStrategy.cs).
        polls += 1;
        if (messages.length === 0) await clock.sleep(HOST.pollMs * (0.8 + 0.4 * fraction(polls * (index + 1))));
        while (inProgress.size > HOST.newBatchThreshold) await Promise.race(inProgress);
      }
    };
    void poll();
  }
  for (let n = 0; n < hosts; n += 1) startHost(n);

  const print = async (tenantId: string, count: number) => {
    for (let n = 0; n < count; n += 1) {
      await queue.send(JSON.stringify({ event: { tenantId, n, sentAt: clock.now() } }));
    }
  };
  return {
    clock,
    triggered,
    waiting,
    silent,
    done,
    print,
    /** Sends past the allowances, as an older version of the app did. */
    printTriggered: async (tenantId: string, count: number) => {
      for (let n = 0; n < count; n += 1) {
        await triggered.send(JSON.stringify({ event: { tenantId, n, sentAt: clock.now() } }));
      }
    },
    /** Counts queue operations from here, those of idle polls left out. */
    resetOperations: () => {
      operationsOfWork = triggered.operations() + waiting.operations();
    },
    operations: () => triggered.operations() + waiting.operations() - operationsOfWork,
    mostOf: (tenantId: string) => most.get(tenantId) ?? 0,
    doneOf: (tenantId: string) => done.filter((one) => one.tenantId === tenantId),
    untilDone: (count: number, tenantId?: string) =>
      clock.runUntil(() => (tenantId === undefined ? done.length : (ended.get(tenantId) ?? 0)) >= count),
    runFor: async (ms: number) => {
      const end = clock.now() + ms;
      let isOver = false;
      void clock.sleep(ms).then(() => (isOver = true));
      await clock.runUntil(() => isOver && clock.now() >= end);
    },
  };
}
