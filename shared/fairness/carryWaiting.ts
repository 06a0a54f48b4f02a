import type { Clock } from '../clock';
import { errorFields } from '../errors';
import type { Logger } from '../logger';
import type { QueueContents, TakenMessage } from '../storage/queueContents';
import { tenantOf } from './fairQueue';
import type { Places } from './places';
import type { Turns } from './turns';

export interface CarryDeps {
  waiting: Pick<QueueContents, 'take' | 'show' | 'keep' | 'remove'>;
  places: Places;
  turns: Turns;
  clock: Clock;
  logger: Logger;
  /**
   * Works on one message, which is removed afterwards. Resolves to true when Graph has answered for it, and rejects when the
   * host has to try it again.
   */
  work: (text: string) => Promise<boolean>;
  /** Sends a message to the triggered queue it belongs to. */
  sendBack: (text: string) => Promise<void>;
  /** Sends a message to the waiting queue again, hidden for a while. */
  postpone: (text: string, delayMs: number) => Promise<void>;
}

/** Work on what waits, in the places of this process that are free. */
export interface Carrier {
  /**
   * Looks into the waiting queue and works on what is there until it is empty, in the places that are free, for four minutes
   * at most. One run at a time: while there is one, another call resolves at once, and the run looks again. Resolves when
   * its own work has ended. Never rejects.
   *
   * @param tenantId whose messages are known to wait: they are found behind those of other tenants
   */
  carry(deps: Pick<CarryDeps, 'logger' | 'work'>, tenantId?: string): Promise<void>;
}

/** Longer than a message is in hand: it waits for a place for up to 30 s, and then its work takes up to 45 s. */
const LEASE_SECONDS = 120;
const HELD_AT_MOST_MS = 30_000;
/** Under functionTimeout of host.json, 30 minutes, and under the host's lease of its own message. */
const RUN_MS = 4 * 60_000;
/** What is sent while the last message within an allowance is worked on is found by a later look. */
const LINGER_MS = 1_500;
const LONGEST_LINGER_MS = 5_000;
const LOOK_EVERY_MS = 500;
/** Half a second: of 17 messages that all places end in that time, one costs a send and a delete more. */
const INVITE_EVERY_MS = 500;
/** What a tenant may have in hand beyond its places: enough to fill each place as it becomes free. */
const HELD_OF_A_TENANT = 32;
const MOST_TAKEN = 32;
const LEAST_TAKEN = 8;
/** Messages of hosts may use all places. What waits is worked on all the same, because it came first. */
const LEAST_RUNNING = 4;

/**
 * How far a run reads past messages of tenants that have enough in hand. Enough lasts until the others are visible again: in
 * five seconds all places end 170 messages of 0.7 s. Four seconds of receives of 30 ms pass over some 17,000 messages.
 */
const AHEAD_SECONDS = 5;
const AHEAD_EVERY_MS = 1_000;
const AHEAD_AT_ONCE = 4;
const LONGEST_AHEAD_MS = 4_000;
const ENOUGH_HELD = 256;

interface Held {
  message: TakenMessage;
  tenantId: string;
  since: number;
}

interface RunState {
  /** The run that takes messages now. */
  current?: Run;
  /** A call came after the run looked last. */
  wanted: boolean;
  /** Tenants whose messages are known to wait. */
  sought: Set<string>;
}

interface Run {
  /** Takes messages and starts work on them until the queue is empty or the time of the run is over. */
  takeAll(): Promise<void>;
  /** Lets go of what is held still. Resolves when the work in progress has ended. */
  settled(): Promise<void>;
}

export function createCarrier(shared: Omit<CarryDeps, 'logger' | 'work'>): Carrier {
  const state: RunState = { wanted: false, sought: new Set() };
  return {
    async carry(deps, tenantId) {
      state.wanted = true;
      if (tenantId !== undefined) state.sought.add(tenantId);
      if (state.current) return;
      const run = createRun({ ...shared, ...deps }, state);
      state.current = run;
      try {
        await run.takeAll();
      } catch (error) {
        // The timer brings back what waits.
        deps.logger.warn('waiting.notRead', errorFields(error));
      } finally {
        if (state.current === run) delete state.current;
      }
      await run.settled();
    },
  };
}

function createRun(deps: CarryDeps, state: RunState): Run {
  const { waiting, places, clock, logger } = deps;
  const held: Held[] = [];
  const running = new Set<Promise<void>>();
  const endsAt = clock.now() + RUN_MS;
  let lookAgainAt = 0;
  let inviteAt = clock.now() + INVITE_EVERY_MS;
  let lingerUntil = 0;
  let aheadAt = 0;

  const heldOf = (tenantId: string) => held.filter((one) => one.tenantId === tenantId).length;
  const isSought = (least: number) =>
    [...state.sought].some((tenantId) => places.mayEnter(tenantId) && heldOf(tenantId) < least);
  const hasRoom = () => places.free() > 0 || running.size < LEAST_RUNNING;

  /** The held message whose tenant uses the fewest places. Of equal ones the oldest. */
  function pick(): Held | undefined {
    let best: Held | undefined;
    for (const one of held) {
      if (!places.mayEnter(one.tenantId)) continue;
      if (!best || places.usedBy(one.tenantId) < places.usedBy(best.tenantId)) best = one;
    }
    return best;
  }

  function startHeld(): void {
    while (hasRoom()) {
      const next = pick();
      if (!next || !places.enter(next.tenantId)) return;
      held.splice(held.indexOf(next), 1);
      const work: Promise<void> = workOn(next).finally(() => running.delete(work));
      running.add(work);
    }
  }

  async function workOn({ message, tenantId }: Held): Promise<void> {
    const startedAt = clock.now();
    let isDone = false;
    try {
      await settle(message, async () => {
        isDone = await deps.work(message.text);
      });
    } finally {
      places.leave(tenantId, { tookMs: clock.now() - startedAt, isDone });
    }
  }

  /** The copy is sent before the message is removed: a run that ends in between leaves both, and the ledger absorbs one. */
  async function settle(message: TakenMessage, step: () => Promise<void>): Promise<void> {
    try {
      try {
        await step();
      } catch (error) {
        // The host counts the tries of its own messages and ends them in the poison queue.
        logger.warn('waiting.sentBack', errorFields(error));
        await deps.sendBack(message.text);
      }
      await waiting.remove(message);
    } catch (error) {
      // It becomes visible again when its lease ends.
      logger.warn('waiting.notSettled', errorFields(error));
    }
  }

  async function take(): Promise<void> {
    state.wanted = false;
    const most = Math.min(MOST_TAKEN, Math.max(LEAST_TAKEN, places.free()));
    const taken = await waiting.take(LEASE_SECONDS, most);
    const since = clock.now();
    // Behind the messages of a tenant that has all its places there may be those of others: they are looked through slowly.
    const isHeldUp = held.length + taken.length >= HELD_OF_A_TENANT && pick() === undefined;
    if (taken.length === 0 || isHeldUp) lookAgainAt = since + LOOK_EVERY_MS;
    await Promise.all(
      taken.map(async (message) => {
        const tenantId = tenantOf(message.text);
        // Only the host can report a message of another form.
        if (tenantId === undefined) return settle(message, () => deps.sendBack(message.text));
        if (!places.mayEnter(tenantId) && heldOf(tenantId) >= HELD_OF_A_TENANT) return postpone({ message, tenantId });
        held.push({ message, tenantId, since });
      }),
    );
  }

  /**
   * The queue has one order. Reads past the messages of tenants that have enough in hand to those of a tenant that has none.
   * What is passed over becomes visible again within seconds by itself, so that it costs a part of one receive.
   */
  async function readAhead(): Promise<void> {
    const startedAt = clock.now();
    aheadAt = startedAt + AHEAD_EVERY_MS;
    while (isSought(HELD_OF_A_TENANT) && clock.now() - startedAt < LONGEST_AHEAD_MS) {
      const isEnough = held.length >= ENOUGH_HELD || (places.free() > 0 && held.length >= HELD_OF_A_TENANT && !pick());
      const hideSeconds = isEnough ? AHEAD_SECONDS : LEASE_SECONDS;
      const receives = Array.from({ length: isEnough ? AHEAD_AT_ONCE : 1 }, () =>
        waiting.take(hideSeconds, MOST_TAKEN),
      );
      const taken = (await Promise.all(receives)).flat();
      if (taken.length === 0) break;
      const since = clock.now();
      await Promise.all(
        taken.map(async (message) => {
          const tenantId = tenantOf(message.text);
          if (tenantId === undefined) return settle(message, () => deps.sendBack(message.text));
          if (isEnough && heldOf(tenantId) >= HELD_OF_A_TENANT) return;
          // Without an answer it becomes visible again.
          const kept = isEnough ? await waiting.keep(message, LEASE_SECONDS).catch(() => undefined) : message;
          if (kept) held.push({ message: kept, tenantId, since });
        }),
      );
      startHeld();
    }
    state.sought.clear();
  }

  function postpone({ message, tenantId }: Pick<Held, 'message' | 'tenantId'>): Promise<void> {
    const delayMs = deps.turns.next(tenantId, 1_000);
    // The timer brings back what has its turn later.
    if (delayMs <= LONGEST_LINGER_MS) lingerUntil = Math.max(lingerUntil, clock.now() + delayMs + LINGER_MS);
    return settle(message, () => deps.postpone(message.text, delayMs));
  }

  /** No other instance can take a held message, so one whose tenant gets no place is postponed. */
  async function postponeHeld(isOld: (one: Held) => boolean): Promise<void> {
    const old = held.filter(isOld);
    for (const one of old) held.splice(held.indexOf(one), 1);
    await Promise.all(old.map((one) => postpone(one)));
  }

  /** All places are used and more waits: another instance that has places finds a message in the triggered queue. */
  async function invite(): Promise<void> {
    if (clock.now() < inviteAt) return;
    inviteAt = clock.now() + INVITE_EVERY_MS;
    const message = held.pop()?.message ?? (await waiting.take(LEASE_SECONDS, 1))[0];
    if (message) await settle(message, () => deps.sendBack(message.text));
  }

  /** Lets go of what is held. Another worker, or this one with its next message, continues. */
  async function handOver(): Promise<void> {
    const next = held.pop()?.message ?? (await waiting.take(LEASE_SECONDS, 1))[0];
    if (next) await settle(next, () => deps.sendBack(next.text));
    await letGo();
  }

  const letGo = () => Promise.allSettled(held.splice(0).map(({ message }) => waiting.show(message)));

  async function takeAll(): Promise<void> {
    lingerUntil = clock.now() + LINGER_MS;
    while (clock.now() < endsAt) {
      startHeld();
      if (state.wanted) lingerUntil = Math.max(lingerUntil, clock.now() + LINGER_MS);
      if (isSought(1) && clock.now() >= aheadAt) {
        await readAhead();
        continue;
      }
      if (hasRoom() && pick() === undefined && clock.now() >= lookAgainAt) {
        await take();
        continue;
      }
      if (!hasRoom()) await invite();
      if (held.length === 0 && running.size === 0 && clock.now() >= lingerUntil) {
        // At once: a call from here on starts a run, because this one does not look again.
        delete state.current;
        return;
      }
      await Promise.race([...running, clock.sleep(LOOK_EVERY_MS)]);
      await postponeHeld(({ since }) => clock.now() - since >= HELD_AT_MOST_MS);
    }
    // The work in progress may take minutes. The next call starts a run meanwhile.
    delete state.current;
    await handOver();
  }

  return {
    takeAll,
    // A run that could not read the queue holds messages still.
    settled: async () => void (await Promise.allSettled([letGo(), ...running])),
  };
}
