import { actionOf, createTest } from './decide';
import type { RulesDocument } from './document';
import { evaluate, requiresRedirected, type Atom, type Truth } from './evaluate';
import { readFacts } from './facts';
import type { Finding } from './readDocument';

/**
 * Every way in which a job on a virtual printer could be released. It would wait there for a device that does not exist.
 * Follows the rules with the printer known and all else of the job unknown.
 */
export function checkVirtualPrinters(document: RulesDocument): Finding[] {
  const { virtualPrinters, onFailure } = document;
  const findings = virtualPrinters.flatMap((printerId, index) => [
    ...findReleases(document, printerId, index, false),
    ...findReleases(document, printerId, index, true),
  ]);
  if (virtualPrinters.length > 0 && onFailure === 'release') {
    findings.push({
      severity: 'error',
      path: ['onFailure'],
      message: 'must be "abort" where there are virtual printers',
    });
  }
  return findings;
}

function findReleases(document: RulesDocument, printerId: string, index: number, isRedirected: boolean): Finding[] {
  const test = createPrinterTest(document, printerId, isRedirected);
  const findings: Finding[] = [];
  for (const [at, rule] of document.rules.entries()) {
    const { on, when = {} } = rule;
    if (on !== 'jobStarted' || (isRedirected && !requiresRedirected(when))) continue;
    const truth = evaluate(when, test);
    if (truth === false) continue;
    const action = actionOf(rule);
    const path = ['rules', at, 'then'];
    const message = `releases jobs of the virtual printer ${printerId}`;
    if (action.kind === 'release') findings.push({ severity: 'error', path: [...path, 'release'], message });
    if (action.kind === 'hold' && action.else === 'release') {
      findings.push({ severity: 'error', path: [...path, 'hold', 'else'], message });
    }
    if (truth === true) return findings;
  }
  const [jobs, rule] = isRedirected
    ? ['redirected to this printer', 'a rule with "redirected": true and this printer']
    : ['on this printer that match no rule', 'a last rule with this printer'];
  const message = `has no rule for jobs ${jobs}, which are released: add ${rule}`;
  return [...findings, { severity: 'error', path: ['virtualPrinters', index], message }];
}

/** Knows of a job its printer's id, and whether it was redirected. */
function createPrinterTest(document: RulesDocument, printerId: string, isRedirected: boolean): (atom: Atom) => Truth {
  const test = createTest(document, readFacts({ event: 'jobStarted', printerId, job: {} }));
  return (atom) => {
    if (atom.field === 'redirected') return isRedirected;
    if (atom.field !== 'printer') return undefined;
    const { value } = atom;
    if (typeof value === 'string' || Array.isArray(value)) return test(atom);
    const { name, location, ...ids } = value;
    const isPossible = test({ field: 'printer', value: ids });
    return isPossible && (name !== undefined || location !== undefined) ? undefined : isPossible;
  };
}
