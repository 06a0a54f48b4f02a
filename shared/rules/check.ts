import { checkVirtualPrinters } from './checkVirtualPrinters';
import { covers, isContradiction } from './compare';
import type { Condition } from './conditions';
import { DOCUMENTED_WORDS, type WordField } from './configuration';
import { actionOf } from './decide';
import { listsOf, type Rule, type RulesDocument } from './document';
import { evaluate, requiresRedirected, visitAtoms, type Path } from './evaluate';
import type { Finding } from './readDocument';

type Report = (severity: Finding['severity'], path: Path, message: string) => void;

/** Finds rules and conditions without effect, words that Graph does not document, and ways to lose a job. */
export function checkDocument(document: RulesDocument): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (severity, path, message) => findings.push({ severity, path, message });
  checkConditions(document, report);
  checkOrder(document, report);
  checkRedirects(document, report);
  checkWords(document, report);
  checkLists(document, report);
  return [...findings, ...checkVirtualPrinters(document)];
}

/** Conditions that no job meets. */
function checkConditions({ rules, lists }: RulesDocument, report: Report): void {
  const visit = (condition: Condition, path: Path): void => {
    // With nothing known, only conditions without any field have a result, such as `"not": {}`.
    const never = evaluate(condition, () => undefined) === false || isContradiction(condition, lists);
    if (never) return report('error', path, 'can never hold');
    const { all = [], any = [], not } = condition;
    for (const [index, member] of all.entries()) visit(member, [...path, 'all', index]);
    for (const [index, member] of any.entries()) visit(member, [...path, 'any', index]);
    if (not) visit(not, [...path, 'not']);
  };
  for (const [index, { on, when = {} }] of rules.entries()) {
    const path = ['rules', index, 'when'];
    visit(when, path);
    if (on === 'jobFetchable' || requiresRedirected(when)) continue;
    visitAtoms(when, path, ({ field }, at) => {
      if (field === 'redirected')
        report('error', at, 'has no effect: the rule also applies to jobs that were not redirected');
    });
  }
}

/** Rules that come after one that decides on all of their jobs. */
function checkOrder({ rules, lists }: RulesDocument, report: Report): void {
  for (const [index, rule] of rules.entries()) {
    const first = rules.slice(0, index).find((earlier) => decidesOnAll(earlier, rule, lists));
    if (first) report('error', ['rules', index], `is never reached: "${first.name}" decides on all of its jobs`);
  }
}

function decidesOnAll(earlier: Rule, later: Rule, lists: RulesDocument['lists']): boolean {
  if (earlier.on !== later.on) return false;
  const [wide, narrow] = [earlier.when ?? {}, later.when ?? {}];
  // A rule for redirected jobs is only preceded by others of that kind: the rest leave these jobs alone.
  if (later.on === 'jobStarted' && requiresRedirected(narrow) && !requiresRedirected(wide)) return false;
  return covers(wide, narrow, lists);
}

/** Redirects that send a job around, or to where it is. */
function checkRedirects({ rules, lists }: RulesDocument, report: Report): void {
  for (const [index, rule] of rules.entries()) {
    const action = actionOf(rule);
    if (action.kind !== 'redirect') continue;
    const path = ['rules', index, 'then', 'redirect'];
    const { when = {} } = rule;
    if (requiresRedirected(when))
      report('warning', path, 'redirects redirected jobs, which can send a job around in a loop');
    if (!isContradiction({ all: [when, { printer: action.printerId }] }, lists)) {
      const printer = `{ "not": { "printer": "${action.printerId}" } }`;
      report(
        'warning',
        path,
        `applies to jobs on the target printer too, and redirects them to where they are: add ${printer}`,
      );
    }
  }
}

/** Words that the documentation of Graph does not have: a slip, or newer than this version. */
function checkWords({ rules }: RulesDocument, report: Report): void {
  const checkWord = (field: WordField, words: string | readonly string[], path: Path, isExact: boolean) => {
    const documented: readonly string[] = DOCUMENTED_WORDS[field];
    for (const word of [words].flat()) {
      if (word.includes('*') || documented.some((one) => one === word)) continue;
      const sameLetters = documented.find((one) => one.toLowerCase() === word.toLowerCase());
      // A condition is compared without case. Graph is given the word as it is.
      if (sameLetters !== undefined && !isExact) continue;
      const hint = sameLetters === undefined ? documented.slice(0, 8).join(', ') : `"${sameLetters}"`;
      report('warning', path, `has a word that Graph does not document: "${word}". Documented: ${hint}`);
    }
  };
  for (const [index, rule] of rules.entries()) {
    visitAtoms(rule.when ?? {}, ['rules', index, 'when'], (atom, at) => {
      if (isWordField(atom.field) && (typeof atom.value === 'string' || Array.isArray(atom.value))) {
        checkWord(atom.field, atom.value, at, false);
      }
    });
    const action = actionOf(rule);
    const change = 'configure' in action ? (action.configure ?? {}) : {};
    for (const [field, value] of Object.entries(change)) {
      if (!isWordField(field) || !(typeof value === 'string' || Array.isArray(value))) continue;
      const words = [value].flat().filter((one) => typeof one === 'string');
      checkWord(field, words, ['rules', index, 'then', 'configure', field], true);
    }
  }
}

function isWordField(field: string): field is WordField {
  return Object.hasOwn(DOCUMENTED_WORDS, field);
}

/** Lists that no rule names. */
function checkLists({ rules, lists }: RulesDocument, report: Report): void {
  const used = new Set<string>();
  for (const { when = {} } of rules) {
    visitAtoms(when, [], (atom) => {
      if (atom.field === 'printer') for (const list of listsOf(atom.value)) used.add(list);
    });
  }
  for (const list of Object.keys(lists).filter((name) => !used.has(name))) {
    report('warning', ['lists', list], 'is used by no rule');
  }
}
