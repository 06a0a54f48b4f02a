import type { Condition, Patterns, Range } from './conditions';
import type { ConfigurationChange } from './configuration';
import { holdMinutes, type Rule, type RulesDocument } from './document';
import { evaluate, requiresRedirected, visitAtoms, type Atom } from './evaluate';
import type { JobFacts, RuleEvent } from './facts';
import { isInSpan, wallClock, type WallClock } from './localTime';
import { matchesPattern } from './pattern';

/** What happens to a job. `notify` and `archive` are the actions on a fetchable job. */
export type Action =
  | { kind: 'release'; configure?: ConfigurationChange }
  | { kind: 'notify' | 'archive' }
  | HoldAction
  | { kind: 'redirect'; printerId: string; configure?: ConfigurationChange }
  | { kind: 'abort'; reason?: string };

export interface HoldAction {
  kind: 'hold';
  minutes: number;
  else: 'release' | 'abort';
  /** The document is archived before the job is held. */
  document: boolean;
  configure?: ConfigurationChange;
}

export interface Decision {
  action: Action;
  /** The name of the rule that decided. Absent when none matched. */
  rule?: string;
}

/**
 * Decides on a job: the first rule that matches, else `release` for a started job and `notify` for a fetchable one. Reads
 * nothing but its parameters and never throws, so that a retry and a dry run decide alike.
 */
export function decide(document: RulesDocument, facts: JobFacts): Decision {
  const test = createTest(document, facts);
  const rule = document.rules.find((one) => isConsidered(one, facts) && evaluate(one.when ?? {}, test) === true);
  return decisionOf(rule, facts);
}

/** As `decide`, with facts that lack the costly ones. Undefined when the decision depends on these. */
export function decideWithoutCostly(document: RulesDocument, facts: JobFacts): Decision | undefined {
  const test = createTest(document, facts);
  const known = (atom: Atom) => (Object.values(costlyIn(atom)).includes(true) ? undefined : test(atom));
  const truthOf = (rule: Rule) => evaluate(rule.when ?? {}, known);
  const rule = document.rules.find((one) => isConsidered(one, facts) && truthOf(one) !== false);
  return rule && truthOf(rule) === undefined ? undefined : decisionOf(rule, facts);
}

function decisionOf(rule: Rule | undefined, { event }: JobFacts): Decision {
  if (rule) return { action: actionOf(rule), rule: rule.name };
  return { action: { kind: event === 'jobStarted' ? 'release' : 'notify' } };
}

/** Facts that cost a call to Graph beside the one that reads the job. */
export interface CostlyFacts {
  /** The documents of the job: content type and size. */
  documents: boolean;
  /** The name and location of the printer. */
  printer: boolean;
}

/** Which costly facts the rules of an event ask for, so that the others are not read. */
export function neededFacts(document: RulesDocument, event: RuleEvent): CostlyFacts {
  const needed: CostlyFacts = { documents: false, printer: false };
  for (const { on, when = {} } of document.rules) {
    if (on !== event) continue;
    visitAtoms(when, [], (atom) => {
      const { documents, printer } = costlyIn(atom);
      needed.documents ||= documents;
      needed.printer ||= printer;
    });
  }
  return needed;
}

function costlyIn({ field, value }: Atom): CostlyFacts {
  const isById = field !== 'printer' || typeof value === 'string' || Array.isArray(value);
  const printer = !isById && (value.name !== undefined || value.location !== undefined);
  return { documents: field === 'document', printer };
}

/** Whether a rule is looked at for a job: its event is the rule's, and a redirected job is left to rules that ask for one. */
export function isConsidered({ on, when = {} }: Rule, { event, isRedirected }: JobFacts): boolean {
  return on === event && (event === 'jobFetchable' || !isRedirected || requiresRedirected(when));
}

/** The action of a rule. */
export function actionOf(rule: Rule): Action {
  if (rule.on === 'jobFetchable') return { kind: rule.then.archive ? 'archive' : 'notify' };
  const { hold, redirect, abort, configure } = rule.then;
  const change = configure === undefined ? {} : { configure };
  if (abort) return { kind: 'abort', ...(abort.reason === undefined ? {} : { reason: abort.reason }) };
  if (redirect) return { kind: 'redirect', printerId: redirect.printer.toLowerCase(), ...change };
  if (hold) {
    const { else: ending, document } = hold;
    return { kind: 'hold', minutes: holdMinutes(hold.for) ?? 1, else: ending, document, ...change };
  }
  return { kind: 'release', ...change };
}

/** Tests the fields of conditions against one job. */
export function createTest({ lists }: Pick<RulesDocument, 'lists'>, facts: JobFacts): (atom: Atom) => boolean {
  const { printer, user, configuration, documents, createdAt, isRedirected } = facts;
  const clocks = new Map<string, WallClock>();
  /** Once per zone and job: Intl takes longer to open a zone than all the rest of a rule. */
  const clockIn = (zone: string, at: number) => {
    const clock = clocks.get(zone) ?? wallClock(at, zone);
    clocks.set(zone, clock);
    return clock;
  };
  return (atom) => {
    switch (atom.field) {
      case 'redirected':
        return isRedirected;
      case 'printer':
        return isPrinter(atom.value, printer, lists);
      case 'user':
        return isUser(atom.value, user);
      case 'copies':
        return isInRange(atom.value, configuration['copies']);
      case 'document': {
        const { contentType, size } = atom.value;
        return documents.some(
          (document) =>
            (contentType === undefined || matchesAny(contentType, document.contentType)) &&
            (size === undefined || isInRange(size, document.size)),
        );
      }
      case 'time':
        return createdAt !== undefined && isInSpan(clockIn(atom.value.zone, createdAt), atom.value);
      default:
        return matchesAny(atom.value, configuration[atom.field]);
    }
  };
}

function isPrinter(
  asked: NonNullable<Condition['printer']>,
  { id, name, location }: JobFacts['printer'],
  lists: RulesDocument['lists'],
): boolean {
  if (typeof asked === 'string' || Array.isArray(asked)) return isOneOf(asked, id);
  return (
    (asked.id === undefined || isOneOf(asked.id, id)) &&
    (asked.list === undefined || [asked.list].flat().some((list) => isOneOf(lists[list] ?? [], id))) &&
    (asked.name === undefined || matchesAny(asked.name, name)) &&
    (asked.location === undefined || location.some((text) => matchesAny(asked.location ?? [], text)))
  );
}

function isUser(asked: NonNullable<Condition['user']>, { id, name, principalName }: JobFacts['user']): boolean {
  if (typeof asked === 'string' || Array.isArray(asked)) {
    return [id, name, principalName].some((text) => matchesAny(asked, text));
  }
  return (
    (asked.id === undefined || matchesAny(asked.id, id)) &&
    (asked.name === undefined || matchesAny(asked.name, name)) &&
    (asked.principalName === undefined || matchesAny(asked.principalName, principalName))
  );
}

/** Ids are compared without case, as Graph compares GUIDs. */
function isOneOf(ids: string | readonly string[], id: string): boolean {
  return [ids].flat().some((one) => one.toLowerCase() === id.toLowerCase());
}

function matchesAny(patterns: Patterns, value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const text = value.toLowerCase();
  return [patterns].flat().some((pattern) => matchesPattern(pattern.toLowerCase(), text));
}

function isInRange(range: Range, value: unknown): boolean {
  if (typeof value !== 'number') return false;
  if (typeof range === 'number') return value === range;
  const { above = -Infinity, below = Infinity } = range;
  return value > above && value < below;
}
