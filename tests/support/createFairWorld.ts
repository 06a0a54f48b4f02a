import { createCarrier } from '../../shared/fairness/carryWaiting';
import { createAllowances, createFairQueue, saysMore, tenantOf, withMore } from '../../shared/fairness/fairQueue';
import { createHostPlaces } from '../../shared/fairness/hostPlaces';
import { createPlaces } from '../../shared/fairness/places';
import { createTurns } from '../../shared/fairness/turns';
import { bringBack } from '../../shared/fairness/bringBack';
import { afterPauseMs, growingDelayMs } from '../../shared/jobs/delays';
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

/** What a message of this world says. */
interface Sent {
  tenantId: string;
  sentAt: number;
  /** When the work on it failed first. */
  failedAt?: number;
}

const parseSent = (text: string) => JSON.parse(text) as { event: Sent };

export interface FairWorldOptions {
  hosts?: number;
  /** How long Graph asks the tenant to pause from now on. Its messages are deferred unread then. */
  pauseMs?: (tenantId: string, now: number) => number;
  /** Why the work on a message of the tenant ends with a deferral. */
  failure?: (tenantId: string) => 'outage' | 'notYet' | undefined;
  /** A tenant is silent once a message of it has taken longer. */
  silentAfterMs?: number;
}

/**
 * A webhook, two queues, the timer of each minute and hosts (queue trigger of the Functions host: 16 messages at a time in
 * the order of the queue, whenever 8 or fewer are in progress) with the fairness of the product, in virtual time.
 *
 * @param jobMs how long the messages of a tenant take
 */
export function createFairWorld(jobMs: (tenantId: string) => number, options: FairWorldOptions = {}) {
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
  let deferrals = 0;
  let mostInTrigger = 0;
  let drawn = 0;
  const random = () => fraction((drawn += 1));
  const queue = createFairQueue({
    triggered,
    waiting,
    allowances: createAllowances(clock),
    signer: { sign: (text) => text },
  });
  const sendBack = (text: string) => triggered.send(withMore(text));

  /** Like processNotification after its checks: whether Graph has answered. */
  async function work(text: string): Promise<boolean> {
    const { event } = parseSent(text);
    const { tenantId, sentAt } = event;
    const startedAt = clock.now();
    const count = (using.get(tenantId) ?? 0) + 1;
    using.set(tenantId, count);
    most.set(tenantId, Math.max(count, most.get(tenantId) ?? 0));
    await clock.sleep(jobMs(tenantId));
    using.set(tenantId, (using.get(tenantId) ?? 0) - 1);
    if (clock.now() - startedAt > (options.silentAfterMs ?? Infinity)) silent.add(tenantId);
    const reason = options.failure?.(tenantId);
    if (reason) {
      const failedAt = event.failedAt ?? clock.now();
      await defer({ ...event, failedAt }, growingDelayMs(reason, clock.now() - failedAt, random()));
      return false;
    }
    ended.set(tenantId, (ended.get(tenantId) ?? 0) + 1);
    done.push({ tenantId, sentAt, startedAt, endedAt: clock.now() });
    return true;
  }

  function defer(event: Sent, delayMs: number): Promise<void> {
    deferrals += 1;
    return queue.send(JSON.stringify({ event }), { delaySeconds: Math.max(1, Math.ceil(delayMs / 1_000)) });
  }

  function startHost(index: number): void {
    const silence = { isSilent: (tenantId: string) => silent.has(tenantId) };
    const places = createPlaces({ silence, clock });
    const hostPlaces = createHostPlaces({ places, clock });
    const turns = createTurns({ silence, clock });
    const postpone = (text: string, delayMs: number) => waiting.send(text, { delaySeconds: delayMs / 1_000 });
    const carrier = createCarrier({ waiting, places, turns, clock, sendBack, postpone });
    const inProgress = new Set<Promise<void>>();
    const isPaused = async ({ event }: { event: Sent }) => {
      const pauseMs = options.pauseMs?.(event.tenantId, clock.now()) ?? 0;
      // The product waits in place for at most 5 s.
      if (pauseMs <= 5_000) return false;
      await defer(event, turns.next(event.tenantId, afterPauseMs(pauseMs, random())));
      return true;
    };
    const workUnlessPaused = async (text: string) => !(await isPaused(parseSent(text))) && work(text);
    const handle = async (text: string) => {
      const tenantId = tenantOf(text) ?? '';
      const isDeferred = await isPaused(parseSent(text));
      const place = isDeferred ? undefined : await hostPlaces.enter(tenantId);
      if (place) {
        const startedAt = clock.now();
        const isDone = await work(text);
        place.leave(tenantId, { tookMs: clock.now() - startedAt, isDone });
      } else if (!isDeferred) {
        deferrals += 1;
        await waiting.send(text, { delaySeconds: silent.has(tenantId) ? turns.next(tenantId, 0) / 1_000 : 0 });
      }
      const isWaiting = !isDeferred && !place;
      if (isWaiting || saysMore(JSON.parse(text))) await carrier.carry({ logger, work: workUnlessPaused }, tenantId);
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
        mostInTrigger = Math.max(mostInTrigger, triggered.length());
        // The host varies its waits by 20 % (RandomizedExponentialBackoffStrategy.cs).
        polls += 1;
        if (messages.length === 0) await clock.sleep(HOST.pollMs * (0.8 + 0.4 * fraction(polls * (index + 1))));
        while (inProgress.size > HOST.newBatchThreshold) await Promise.race(inProgress);
      }
    };
    void poll();
  }
  for (let n = 0; n < (options.hosts ?? 1); n += 1) startHost(n);
  const runTimer = async () => {
    for (;;) {
      await clock.sleep(60_000);
      await bringBack({ waiting, sendBack });
    }
  };
  void runTimer();

  const print = async (tenantId: string, count: number) => {
    for (let n = 0; n < count; n += 1) {
      await queue.send(JSON.stringify({ event: { tenantId, n, sentAt: clock.now() } }));
    }
  };
  const runFor = async (ms: number) => {
    const end = clock.now() + ms;
    let isOver = false;
    void clock.sleep(ms).then(() => (isOver = true));
    await clock.runUntil(() => isOver && clock.now() >= end);
  };
  const untilDone = (count: number, tenantId?: string) =>
    clock.runUntil(() => (tenantId === undefined ? done.length : (ended.get(tenantId) ?? 0)) >= count);
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
    /** Messages that were sent again for later, or for want of a place. */
    deferrals: () => deferrals,
    /** Instances that the platform asks for by the most messages that the triggered queue has had, hidden ones included. */
    mostInstances: () => Math.ceil(mostInTrigger / (HOST.batchSize + HOST.newBatchThreshold)),
    untilDone,
    runFor,
    /** Prints a job of the tenant each half second, and returns how long they took from print to end, sorted. */
    printEachHalfSecond: async (tenantId: string, count: number) => {
      const before = ended.get(tenantId) ?? 0;
      for (let n = 0; n < count; n += 1) {
        await runFor(500);
        await print(tenantId, 1);
      }
      await untilDone(before + count, tenantId);
      const own = done.filter((one) => one.tenantId === tenantId).slice(-count);
      return own.map(({ sentAt, endedAt }) => endedAt - sentAt).sort((a, b) => a - b);
    },
  };
}
