import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord, FaultAction, FaultRule, FaultState } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { SeededRandom } from '../seededRandom';
import type { Simulation } from '../world/simulation';

/** Writes an error in the shape of the called service. */
type Refuse = (status: number, message: string, code?: string) => Reply;

/**
 * Performs a call unless an outage or a fault rule decides otherwise; the record names which one acted. An outage answers
 * 503, which callers try again later (concepts/errors.md).
 */
export async function performOrFail(
  deps: { simulation: Simulation; faults: FaultRules },
  record: CallRecord,
  refuse: Refuse,
  perform: () => Promise<Reply | 'reset'>,
): Promise<Reply | 'reset'> {
  const { simulation, faults } = deps;
  const { outage } = simulation.world;
  if (outage && (record.target === 'graph' || outage.tokens)) {
    record.fault = 'outage';
    if (outage.answer === 'reset') return 'reset';
    return withRetryAfter(refuse(503, 'The service is not available.'), outage.retryAfterSeconds?.toString());
  }
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

type FaultCall = Pick<CallRecord, 'target' | 'method' | 'path' | 'tenantId'>;

/** The rules of which calls fail. */
export type FaultRules = ReturnType<typeof createFaultRules>;

/** Makes an empty set of rules; `random` decides where a rule has a rate. */
export function createFaultRules(random: SeededRandom) {
  let rules: FaultState[] = [];
  let next = 1;

  const matches = (rule: FaultRule, call: FaultCall) =>
    rule.target === call.target &&
    (rule.method === undefined || rule.method === call.method) &&
    (rule.tenantId === undefined || rule.tenantId === call.tenantId) &&
    (rule.pathPattern === undefined || new RegExp(rule.pathPattern).test(call.path));

  return {
    add: (rule: FaultRule): FaultState => {
      const state = { ...rule, id: rule.id ?? `fault-${next++}`, matched: 0, acted: 0 };
      rules = [...rules.filter(({ id }) => id !== state.id), state];
      return { ...state };
    },
    /** The rule that acts on this call, counted as used, or undefined. */
    take: (call: FaultCall): FaultState | undefined => {
      for (const rule of rules) {
        if ((rule.count >= 0 && rule.acted >= rule.count) || !matches(rule, call)) continue;
        rule.matched += 1;
        if (rule.matched <= rule.after) continue;
        if (rule.rate < 1 && random() >= rule.rate) continue;
        rule.acted += 1;
        return rule;
      }
      return undefined;
    },
    list: (): FaultState[] => rules.map((rule) => ({ ...rule })),
    clear: (): void => {
      rules = [];
    },
  };
}
