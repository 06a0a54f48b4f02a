import type { FaultAction, FaultRule, FaultState } from './controlTypes';
import {
  invalidInput,
  optionalBoolean,
  optionalNumber,
  optionalString,
  requireRecord,
  requireString,
} from './readFields';
import type { SeededRandom } from './seededRandom';

/** What a rule is matched against. */
interface FaultSubject {
  target: 'graph' | 'token';
  method: string;
  path: string;
  tenantId: string | undefined;
}

/** The rules of what goes wrong. */
export interface Faults {
  add: (rule: FaultRule) => FaultState;
  /** The rule that acts on this call, counted as used, or undefined. */
  take: (subject: FaultSubject) => FaultState | undefined;
  list: () => FaultState[];
  /** Removes one rule, or all. */
  remove: (id?: string) => void;
}

/** Makes an empty set of rules; `random` decides where a rule has a rate. */
export function createFaults(random: SeededRandom): Faults {
  let rules: FaultState[] = [];
  let next = 1;

  const matches = (rule: FaultRule, subject: FaultSubject) =>
    (rule.target ?? 'graph') === subject.target &&
    (rule.method === undefined || rule.method.toUpperCase() === subject.method) &&
    (rule.tenantId === undefined || rule.tenantId.toLowerCase() === subject.tenantId) &&
    (rule.pathPattern === undefined || new RegExp(rule.pathPattern).test(subject.path));

  return {
    add: (rule) => {
      const state = { ...rule, id: rule.id ?? `fault-${String(next++)}`, matched: 0, acted: 0 };
      rules = [...rules.filter(({ id }) => id !== state.id), state];
      return { ...state };
    },
    take: (subject) => {
      for (const rule of rules) {
        const count = rule.count ?? 1;
        if ((count >= 0 && rule.acted >= count) || !matches(rule, subject)) continue;
        rule.matched += 1;
        if (rule.matched <= (rule.after ?? 0)) continue;
        if (rule.rate !== undefined && random() >= rule.rate) continue;
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

/** Reads a rule from JSON; throws INVALID_INPUT naming what is wrong. */
export function parseFaultRule(value: unknown): FaultRule {
  const body = requireRecord(value);
  const target = optionalString(body, 'target') ?? 'graph';
  if (target !== 'graph' && target !== 'token') throw invalidInput("'target' must be graph or token.");
  const pathPattern = optionalString(body, 'pathPattern');
  if (pathPattern !== undefined) {
    try {
      new RegExp(pathPattern);
    } catch {
      throw invalidInput("'pathPattern' must be a regular expression.");
    }
  }
  const rule: FaultRule = { target, action: parseAction(body['action']) };
  const id = optionalString(body, 'id');
  const method = optionalString(body, 'method');
  const tenantId = optionalString(body, 'tenantId');
  const after = optionalNumber(body, 'after');
  const count = optionalNumber(body, 'count', -1);
  const rate = optionalNumber(body, 'rate');
  if (id !== undefined) rule.id = id;
  if (method !== undefined) rule.method = method;
  if (pathPattern !== undefined) rule.pathPattern = pathPattern;
  if (tenantId !== undefined) rule.tenantId = tenantId;
  if (after !== undefined) rule.after = after;
  if (count !== undefined) rule.count = count;
  if (rate !== undefined) rule.rate = rate;
  return rule;
}

function parseAction(value: unknown): FaultAction {
  const body = requireRecord(value);
  const type = requireString(body, 'type');
  const applyEffect = optionalBoolean(body, 'applyEffect') ?? false;
  if (type === 'reset') return { type, applyEffect };
  if (type === 'hang' || type === 'delay') {
    const ms = optionalNumber(body, 'ms');
    if (ms === undefined) throw invalidInput("'ms' is required.");
    return type === 'hang' ? { type, ms, applyEffect } : { type, ms };
  }
  if (type !== 'status') throw invalidInput("'type' must be status, reset, hang or delay.");
  const status = optionalNumber(body, 'status', 200);
  if (status === undefined || status > 599) throw invalidInput("'status' must be between 200 and 599.");
  const retryAfterSeconds = optionalNumber(body, 'retryAfterSeconds');
  const retryAfterMaxSeconds = optionalNumber(body, 'retryAfterMaxSeconds', retryAfterSeconds ?? 0);
  if (retryAfterMaxSeconds !== undefined && retryAfterSeconds === undefined)
    throw invalidInput("'retryAfterMaxSeconds' needs 'retryAfterSeconds'.");
  const code = optionalString(body, 'code');
  return {
    type,
    status,
    applyEffect,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(retryAfterMaxSeconds === undefined ? {} : { retryAfterMaxSeconds }),
    ...(code === undefined ? {} : { code }),
  };
}
