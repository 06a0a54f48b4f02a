import type { CallRecord, FaultRule, FaultState } from '../control/controlTypes';
import type { SeededRandom } from '../seededRandom';

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
