import type { CallRecord, FaultRule, FaultState } from '../control/controlTypes';
import type { SeededRandom } from '../seededRandom';

/** The rules of which calls fail. */
export interface FaultRules {
  add: (rule: FaultRule) => FaultState;
  /** The rule that acts on this call, counted as used, or undefined. */
  take: (call: Pick<CallRecord, 'target' | 'method' | 'path' | 'tenantId'>) => FaultState | undefined;
  list: () => FaultState[];
  /** Removes one rule, or all. */
  remove: (id?: string) => void;
}

/** Makes an empty set of rules; `random` decides where a rule has a rate. */
export function createFaultRules(random: SeededRandom): FaultRules {
  let rules: FaultState[] = [];
  let next = 1;

  const matches = (rule: FaultRule, call: Parameters<FaultRules['take']>[0]) =>
    rule.target === call.target &&
    (rule.method === undefined || rule.method === call.method) &&
    (rule.tenantId === undefined || rule.tenantId === call.tenantId) &&
    (rule.pathPattern === undefined || new RegExp(rule.pathPattern).test(call.path));

  return {
    add: (rule) => {
      const state = { ...rule, id: rule.id ?? `fault-${next++}`, matched: 0, acted: 0 };
      rules = [...rules.filter(({ id }) => id !== state.id), state];
      return { ...state };
    },
    take: (call) => {
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
    list: () => rules.map((rule) => ({ ...rule })),
    remove: (id) => {
      rules = id === undefined ? [] : rules.filter((rule) => rule.id !== id);
    },
  };
}
