import { isDeepStrictEqual } from 'node:util';
import type { Condition, Patterns, Range } from './conditions';
import type { RulesDocument } from './document';
import { atomsOf, type Atom } from './evaluate';
import { matchesPattern } from './pattern';

type Lists = RulesDocument['lists'];

/** What an atom asks of one value of a job: that it matches one of the patterns, lies in a range, or something else. */
type Demand =
  | { of: string; patterns: readonly string[]; /** Any of several texts of the job will do. */ isOfSeveral?: true }
  /** Both ends belong to it. */
  | { of: string; from: number; to: number }
  | { of: string; exactly: unknown };

/**
 * Whether every job for which `narrow` holds is one for which `wide` holds too. False where that cannot be seen from the
 * conditions alone.
 */
export function covers(wide: Condition, narrow: Condition, lists: Lists): boolean {
  const parts = conjunctionOf(narrow);
  const given = demandsOf(narrow, lists);
  return conjunctionOf(wide).every((part) => {
    const { any, not } = part;
    const isGiven = (asked: Condition) => parts.some((one) => isDeepStrictEqual(withoutFields(one), asked));
    return (
      atomsOf(part)
        .flatMap((atom) => demandsOfAtom(atom, lists))
        .every((asked) => given.some((one) => isWithin(one, asked))) &&
      (!any || isGiven({ any }) || any.some((member) => covers(member, narrow, lists))) &&
      (!not || isGiven({ not }))
    );
  });
}

/** Whether no job can meet the condition. False where that cannot be seen from the condition alone. */
export function isContradiction(condition: Condition, lists: Lists): boolean {
  const demands = demandsOf(condition, lists);
  return (
    demands.some(isEmpty) ||
    demands.some((one, index) => demands.slice(index + 1).some((other) => areDisjoint(one, other))) ||
    conjunctionOf(condition).some(
      ({ any, not }) =>
        (any?.every((member) => isContradiction({ all: [condition, member].map(withoutAny) }, lists)) ?? false) ||
        (not !== undefined && covers(not, withoutNot(condition), lists)),
    )
  );
}

/** The condition and all that `all` adds to it, each without its `all`. */
function conjunctionOf({ all = [], ...own }: Condition): Condition[] {
  return [own, ...all.flatMap(conjunctionOf)];
}

function withoutFields({ any, not }: Condition): Condition {
  return { ...(any ? { any } : {}), ...(not ? { not } : {}) };
}

function withoutAny({ any: _any, all, ...rest }: Condition): Condition {
  return { ...rest, ...(all ? { all: all.map(withoutAny) } : {}) };
}

function withoutNot({ not: _not, all, ...rest }: Condition): Condition {
  return { ...rest, ...(all ? { all: all.map(withoutNot) } : {}) };
}

function demandsOf(condition: Condition, lists: Lists): Demand[] {
  return conjunctionOf(condition)
    .flatMap(atomsOf)
    .flatMap((atom) => demandsOfAtom(atom, lists));
}

function demandsOfAtom(atom: Atom, lists: Lists): Demand[] {
  switch (atom.field) {
    case 'copies':
      return [rangeOf('copies', atom.value, 1)];
    case 'document':
      // Each demand is met by a document of the job, so two of them need not be met by the same one.
      return [{ of: 'document', exactly: atom.value }];
    case 'time':
    case 'redirected':
      return [{ of: atom.field, exactly: atom.value }];
    case 'printer': {
      if (typeof atom.value === 'string' || Array.isArray(atom.value)) return textsOf('printer.id', atom.value);
      const { id, list, name, location } = atom.value;
      const listed = list === undefined ? undefined : [list].flat().flatMap((one) => lists[one] ?? []);
      return [
        ...textsOf('printer.id', id),
        ...textsOf('printer.id', listed),
        ...textsOf('printer.name', name),
        ...severalOf('printer.location', location),
      ];
    }
    case 'user': {
      if (typeof atom.value === 'string' || Array.isArray(atom.value)) return severalOf('user', atom.value);
      const { id, name, principalName } = atom.value;
      return [
        ...textsOf('user.id', id),
        ...textsOf('user.name', name),
        ...textsOf('user.principalName', principalName),
      ];
    }
    default:
      return textsOf(atom.field, atom.value);
  }
}

function textsOf(of: string, patterns: Patterns | undefined): Demand[] {
  return patterns === undefined ? [] : [{ of, patterns: [patterns].flat().map((one) => one.toLowerCase()) }];
}

function severalOf(of: string, patterns: Patterns | undefined): Demand[] {
  return textsOf(of, patterns).map((demand) => ({ ...demand, isOfSeveral: true }));
}

function rangeOf(of: string, range: Range, least: number): Demand {
  if (typeof range === 'number') return { of, from: Math.max(least, range), to: range };
  const { above = -Infinity, below = Infinity } = range;
  return { of, from: Math.max(least, above + 1), to: below - 1 };
}

/** Whether each value that meets `one` meets `other`. */
function isWithin(one: Demand, other: Demand): boolean {
  if (one.of !== other.of) return false;
  if ('from' in one && 'from' in other) return one.from >= other.from && one.to <= other.to;
  if ('patterns' in one && 'patterns' in other) {
    // A pattern that matches the text of another one, stars included, matches all that the other one matches.
    return one.patterns.every((text) => other.patterns.some((pattern) => matchesPattern(pattern, text)));
  }
  return 'exactly' in one && 'exactly' in other && isDeepStrictEqual(one.exactly, other.exactly);
}

function areDisjoint(one: Demand, other: Demand): boolean {
  if (one.of !== other.of) return false;
  if ('from' in one && 'from' in other) return one.from > other.to || other.from > one.to;
  if (!('patterns' in one && 'patterns' in other) || one.isOfSeveral) return false;
  return one.patterns.every((a) => other.patterns.every((b) => areDifferent(a, b)));
}

/** Whether no text matches both patterns. Two patterns with stars may always have one in common. */
function areDifferent(one: string, other: string): boolean {
  if (!one.includes('*')) return !matchesPattern(other, one);
  return !other.includes('*') && !matchesPattern(one, other);
}

function isEmpty(demand: Demand): boolean {
  if ('from' in demand) return demand.from > demand.to;
  return 'patterns' in demand && demand.patterns.length === 0;
}
