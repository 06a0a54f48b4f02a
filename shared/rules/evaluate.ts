import type { Condition, Patterns } from './conditions';

/** Where something is in a document: the names and indexes from its root. */
export type Path = readonly (string | number)[];

/** Undefined: not known. */
export type Truth = boolean | undefined;

type Fields = Omit<Condition, 'all' | 'any' | 'not'>;

/** One field of a condition, and what it asks. */
export type Atom = { [Field in keyof Fields]-?: { field: Field; value: NonNullable<Fields[Field]> } }[keyof Fields];

/** The fields of a job's configuration that hold a text. */
const TEXT_FIELDS = ['colorMode', 'duplexMode', 'mediaSize', 'mediaType', 'quality', 'orientation'] as const;

/** The fields of one condition, without those of the conditions in it. */
export function atomsOf(condition: Condition): Atom[] {
  const { redirected, printer, user, copies, document, time } = condition;
  const atoms: Atom[] = [];
  if (redirected !== undefined) atoms.push({ field: 'redirected', value: redirected });
  if (printer !== undefined) atoms.push({ field: 'printer', value: printer });
  if (user !== undefined) atoms.push({ field: 'user', value: user });
  for (const field of TEXT_FIELDS) {
    const value: Patterns | undefined = condition[field];
    if (value !== undefined) atoms.push({ field, value });
  }
  if (copies !== undefined) atoms.push({ field: 'copies', value: copies });
  if (document !== undefined) atoms.push({ field: 'document', value: document });
  if (time !== undefined) atoms.push({ field: 'time', value: time });
  return atoms;
}

/** Calls `visit` with every field of a condition and of the conditions in it. */
export function visitAtoms(condition: Condition, path: Path, visit: (atom: Atom, path: Path) => void): void {
  for (const atom of atomsOf(condition)) visit(atom, [...path, atom.field]);
  const { all = [], any = [], not } = condition;
  for (const [index, member] of all.entries()) visitAtoms(member, [...path, 'all', index], visit);
  for (const [index, member] of any.entries()) visitAtoms(member, [...path, 'any', index], visit);
  if (not) visitAtoms(not, [...path, 'not'], visit);
}

/**
 * Whether a condition holds, given what `test` knows of each field (Kleene's three values): undefined when it depends on a
 * field that is not known. With all fields known the result is never undefined.
 */
export function evaluate(condition: Condition, test: (atom: Atom) => Truth): Truth {
  const { all = [], any, not } = condition;
  let known = true;
  const parts = function* (): Generator<Truth> {
    for (const atom of atomsOf(condition)) yield test(atom);
    for (const member of all) yield evaluate(member, test);
    if (any) yield evaluateAny(any, test);
    if (not) yield negate(evaluate(not, test));
  };
  for (const truth of parts()) {
    if (truth === false) return false;
    if (truth === undefined) known = false;
  }
  return known ? true : undefined;
}

function evaluateAny(members: readonly Condition[], test: (atom: Atom) => Truth): Truth {
  let known = true;
  for (const member of members) {
    const truth = evaluate(member, test);
    if (truth === true) return true;
    if (truth === undefined) known = false;
  }
  return known ? false : undefined;
}

function negate(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

/**
 * Whether a condition can hold only for a job that was redirected. Rules without this leave such jobs alone, so that no rules
 * send a job around in a loop.
 */
export function requiresRedirected({ redirected, all = [], any }: Condition): boolean {
  return redirected === true || all.some(requiresRedirected) || (any?.every(requiresRedirected) ?? false);
}
