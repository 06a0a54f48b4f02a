import { isDeepStrictEqual } from 'node:util';
import type { LedgerRow } from '../shared/jobs/ledgerRow';
import { isRecord, parseJson } from '../shared/parse';
import { decideWithoutCostly, type Action } from '../shared/rules/decide';
import type { RulesDocument } from '../shared/rules/document';
import { readFacts, type RuleEvent } from '../shared/rules/facts';

/** What rules would do with a job of the ledger. */
export type TriedRow =
  | {
      event: RuleEvent;
      /** Absent when no rule matches. */
      rule?: string;
      action: Action;
      /** What happened to the job. Absent when another party ended it. */
      went?: Way;
      /** It would have gone another way. */
      isOther: boolean;
    }
  /**
   * Why the rules cannot be tried. `withoutJob`: the row has no readable job. `blanked`: its job was removed as personal data. `shortened`: some of the job was left out of the
   * row. `costly`: the decision depends on documents, or on the name or location of the printer, which the ledger does not
   * keep. `open`: the job has not ended.
   */
  | { notTried: 'withoutJob' | 'blanked' | 'shortened' | 'costly' | 'open' };

/** What happened to a job, as far as rules decide it. */
interface Way {
  kind: Action['kind'];
  /** Of a redirect by this app. */
  printerId?: string;
  /** Of a hold: the document was archived before, or was to be. */
  document?: boolean;
  configure: Readonly<Record<string, unknown>>;
}

/** Tries rules on one row of the ledger, as it was read with its job. */
export function tryRow(document: RulesDocument, rowKey: string, row: LedgerRow): TriedRow {
  const { printerId, blankedAt } = row;
  if (blankedAt !== undefined && row.job === undefined) return { notTried: 'blanked' };
  const job = parseJson(row.job ?? '');
  if (!isRecord(job) || printerId === undefined) return { notTried: 'withoutJob' };
  if (row.truncated !== undefined) return { notTried: 'shortened' };
  const isHeld = row.heldUntil !== undefined;
  if (row.status !== 'done' && !isHeld) return { notTried: 'open' };
  const event = rowKey.startsWith('jobFetchable_') ? 'jobFetchable' : 'jobStarted';
  const decision = decideWithoutCostly(document, readFacts({ event, printerId, job }));
  if (!decision) return { notTried: 'costly' };
  const went = wayOf(row);
  const isOther = went !== undefined && !isSameWay(went, decision.action);
  return { event, ...decision, ...(went ? { went } : {}), isOther };
}

function wayOf(row: LedgerRow): Way | undefined {
  const { outcome, decision, decidedBy, heldUntil, heldConfigure, targetPrinterId, archive } = row;
  if (heldUntil !== undefined) {
    return { kind: 'hold', configure: changeIn(heldConfigure), document: archive === 'stored' };
  }
  if (decidedBy === 'document') return { kind: 'hold', configure: {}, document: true };
  const configure = changeIn(row.configure);
  switch (outcome) {
    case 'released':
      return { kind: 'release', configure };
    case 'aborted':
      return { kind: 'abort', configure };
    case 'redirected':
      return { kind: 'redirect', configure, ...(targetPrinterId === undefined ? {} : { printerId: targetPrinterId }) };
    case 'fetchable':
    case 'printed':
      return { kind: 'notify', configure };
    case 'archived':
    case 'archiveFailed':
      return { kind: 'archive', configure };
    case 'deadline':
    case 'unreadable':
      return { kind: decision ?? 'release', configure };
    default:
      return undefined;
  }
}

/** The time of a hold, and what ends it, are no other way: the job waits in both cases. */
function isSameWay(went: Way, action: Action): boolean {
  if (went.kind !== action.kind) return false;
  if (action.kind === 'redirect' && went.printerId !== undefined && went.printerId !== action.printerId) return false;
  if (action.kind === 'hold' && went.document !== action.document) return false;
  return isDeepStrictEqual(went.configure, 'configure' in action ? (action.configure ?? {}) : {});
}

function changeIn(cell: string | undefined): Record<string, unknown> {
  const change = parseJson(cell ?? '');
  return isRecord(change) ? change : {};
}
