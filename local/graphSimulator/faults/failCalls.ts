import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord, FaultAction } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { Outage, Simulation } from '../world/simulation';
import type { FaultRules } from './faultRules';

/** Writes an error in the shape of the called service. */
type Refuse = (status: number, message: string, code?: string) => Reply;

/** The current outage; one whose time has passed is removed here. */
export function currentOutage({ world, now }: Pick<Simulation, 'world' | 'now'>): Outage | undefined {
  if (world.outage && now() >= world.outage.until) world.outage = undefined;
  return world.outage;
}

/** The answer to a call during an outage, or undefined when there is none (concepts/errors.md: 503 is tried again later). */
export function answerOutage(
  simulation: Simulation,
  record: CallRecord,
  refuse: Refuse,
): Reply | 'reset' | undefined {
  const outage = currentOutage(simulation);
  if (!outage || (record.target === 'token' && !outage.tokens)) return undefined;
  record.fault = 'outage';
  if (outage.answer === 'reset') return 'reset';
  const { retryAfterSeconds } = outage;
  return withRetryAfter(refuse(503, 'The service is not available.'), retryAfterSeconds?.toString());
}

/** Performs a call unless an outage or a fault rule decides otherwise; the record names which one acted. */
export async function performOrFail(
  deps: { simulation: Simulation; faults: FaultRules },
  record: CallRecord,
  refuse: Refuse,
  perform: () => Promise<Reply | 'reset'>,
): Promise<Reply | 'reset'> {
  const { simulation, faults } = deps;
  const out = answerOutage(simulation, record, refuse);
  if (out !== undefined) return out;
  const fault = faults.take(record);
  if (fault) record.fault = fault.id;
  try {
    return fault ? await applyFault(simulation, fault.action, refuse, perform) : await perform();
  } catch (error) {
    if (!simulation.closed.aborted) throw error;
    return 'reset';
  }
}

async function applyFault(
  simulation: Simulation,
  action: FaultAction,
  refuse: Refuse,
  perform: () => Promise<Reply | 'reset'>,
): Promise<Reply | 'reset'> {
  const wait = (ms: number) => sleep(ms, undefined, { signal: simulation.closed });
  if (action.type === 'delay') {
    await wait(action.ms);
    return perform();
  }
  if (action.applyEffect === true) await perform();
  if (action.type === 'hang') await wait(action.ms);
  if (action.type !== 'status') return 'reset';
  const { status, code, retryAfterSeconds: least, retryAfterMaxSeconds: most } = action;
  const reply = refuse(status, 'A fault of the simulator.', code);
  if (least === undefined || most === undefined) return withRetryAfter(reply, least?.toString());
  // Fractions occur in practice (2.128).
  return withRetryAfter(reply, (least + simulation.random() * (most - least)).toFixed(3));
}

function withRetryAfter(reply: Reply, seconds: string | undefined): Reply {
  return seconds === undefined ? reply : { ...reply, headers: { ...reply.headers, 'retry-after': seconds } };
}
