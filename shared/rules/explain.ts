import type { Condition } from './conditions';
import { createTest, decide, isConsidered, type Decision } from './decide';
import type { RulesDocument } from './document';
import { atomsOf, evaluate, type Atom, type Path } from './evaluate';
import type { JobFacts } from './facts';
import { wallClock } from './localTime';

/** What a rule did with a job. */
export interface RuleResult {
  rule: string;
  /**
   * `matched`: it decided. `notReached`: an earlier rule decided. `otherEvent`: it is for another event. `redirected`: it
   * leaves redirected jobs alone. `failed`: one of its conditions does not hold.
   */
  result: 'matched' | 'notReached' | 'otherEvent' | 'redirected' | 'failed';
  /** Of `failed`: the first condition that does not hold. */
  failed?: FailedCondition;
}

/** A condition that does not hold. */
export interface FailedCondition {
  path: Path;
  /** What the rule asks. */
  asked: unknown;
  /** What the job has. Absent for `any` and `not`. */
  found?: unknown;
}

export interface Explanation extends Decision {
  rules: RuleResult[];
}

/** The decision on a job and, rule by rule, why. */
export function explain(document: RulesDocument, facts: JobFacts): Explanation {
  const decision = decide(document, facts);
  const test = createTest(document, facts);
  const decided = document.rules.findIndex(({ name }) => name === decision.rule);
  const rules = document.rules.map((rule, index): RuleResult => {
    const { name, on, when = {} } = rule;
    if (index === decided) return { rule: name, result: 'matched' };
    if (decided >= 0 && index > decided) return { rule: name, result: 'notReached' };
    if (on !== facts.event) return { rule: name, result: 'otherEvent' };
    if (!isConsidered(rule, facts)) return { rule: name, result: 'redirected' };
    const failed = findFailure(when, ['rules', index, 'when'], test, facts);
    return { rule: name, result: 'failed', ...(failed ? { failed } : {}) };
  });
  return { ...decision, rules };
}

type Test = (atom: Atom) => boolean;

/** The first part of a condition that does not hold. */
function findFailure(condition: Condition, path: Path, test: Test, facts: JobFacts): FailedCondition | undefined {
  for (const atom of atomsOf(condition)) {
    if (!test(atom)) return { path: [...path, atom.field], asked: atom.value, found: foundOf(atom, facts) };
  }
  const { all = [], any, not } = condition;
  for (const [index, member] of all.entries()) {
    const failed = findFailure(member, [...path, 'all', index], test, facts);
    if (failed) return failed;
  }
  if (any?.every((member) => evaluate(member, test) === false)) return { path: [...path, 'any'], asked: any };
  return not && evaluate(not, test) === true ? { path: [...path, 'not'], asked: not } : undefined;
}

/** What the job has of a field that a rule asks for; null for nothing. */
function foundOf(atom: Atom, { printer, user, configuration, documents, createdAt, isRedirected }: JobFacts): unknown {
  switch (atom.field) {
    case 'redirected':
      return isRedirected;
    case 'printer':
      return printer;
    case 'user':
      return user;
    case 'document':
      return documents;
    case 'time': {
      if (createdAt === undefined) return null;
      const { day, minute } = wallClock(createdAt, atom.value.zone);
      const [hours, minutes] = [Math.floor(minute / 60), minute % 60].map((part) => `${part}`.padStart(2, '0'));
      return `${day} ${hours}:${minutes}`;
    }
    default:
      return configuration[atom.field] ?? null;
  }
}
