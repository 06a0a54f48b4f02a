import { setImmediate } from 'node:timers/promises';
import { systemClock } from '../../shared/clock';
import type { ReceiveDependencies } from '../../shared/webhook/receive';
import { createTurns } from '../../shared/webhook/turns';

/** The turns of the event loop as the app takes them. */
export const takeTurn = createTurns(systemClock, setImmediate);

/** A webhook that has not read the record of clientStates and asks for no sweep. */
export const webhookParts: Pick<ReceiveDependencies, 'record' | 'sweepRequests' | 'takeTurn'> = {
  record: {
    current: () => Promise.resolve({ record: undefined, ageMs: 0 }),
    refresh: () => Promise.resolve(),
  },
  sweepRequests: { note: () => false, answered: () => undefined, send: () => Promise.resolve() },
  takeTurn,
};
