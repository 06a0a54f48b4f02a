import { createCache } from '../cache';
import type { Clock } from '../clock';
import type { CallGraph } from '../graph/client';
import { readJob } from '../graph/api/printJobs';
import { readPrinter, type Printer } from '../graph/api/printers';
import type { Logger } from '../logger';
import { isRecord, parseJson } from '../parse';
import { decide, neededFacts, type Action } from '../rules/decide';
import type { RulesDocument } from '../rules/document';
import { readFacts } from '../rules/facts';
import type { RulesStore } from '../rules/store';
import type { Access } from './access';
import { isoTime, type Claim } from './claims';
import { isHoldOver, type DecidedBy, type DecisionCells, type Ending, type LedgerRow } from './ledgerRow';
import { idsOf, type JobStartedReference } from './message';
import type { Found } from './startedReading';
import { parseWish } from './wishes';

/** The name and location of a printer. Undefined where Graph does not show it. */
export type FindPrinter = (callGraph: CallGraph, tenantId: string, printerId: string) => Promise<Printer | undefined>;

export interface DecisionDeps {
  rules: Pick<RulesStore, 'rulesOf'>;
  findPrinter: FindPrinter;
  callGraph: CallGraph;
  clock: Pick<Clock, 'now'>;
  logger: Logger;
}

export interface DecisionWork {
  claim: Claim;
  access: Access;
  reference: JobStartedReference;
}

/** What to do with an open job, as its row will hold it. */
export type Decided = DecisionCells &
  Required<Pick<DecisionCells, 'decision' | 'decidedBy'>> &
  Pick<LedgerRow, 'rule' | 'rulesEtag' | 'heldUntil' | 'heldElse' | 'heldConfigure'> & {
    /** What ends the job when Graph refuses the decision. */
    onFailure: Ending;
    /** Of a hold: the document is archived before. */
    needsDocument?: true;
    /** Graph has refused to abort the job itself. */
    isAbortRefused?: true;
  };

/**
 * Decides on a job whose task is open.
 *
 * 1. A decision that an earlier run wrote before its call is carried out to its end: the call may have taken effect.
 * 2. A held job follows its wish, or the end of its hold. Without either it stays held.
 * 3. The job of a customer or watch that is not active ends by `onFailure`.
 * 4. The rules decide. Rules that storage does not deliver are an outage, and the job waits until its deadline.
 *
 * @throws ReceiverError `blobsUnavailable` in an outage, and errors of Graph for what the rules ask beside the job
 */
export async function decideOnJob(
  deps: DecisionDeps,
  work: DecisionWork,
  found: Found,
): Promise<Decided | 'staysHeld'> {
  const { claim, access } = work;
  const { row, earlier } = claim;
  const onFailure = onFailureOf(access);
  // A hold is no call: that of a customer or watch that is not active any more has not begun.
  const isNoHold = access.active || earlier?.decision !== 'hold';
  if (earlier && isNoHold && !isMereRelease(earlier)) {
    const { decision = 'release', decidedBy = 'rules' } = earlier;
    return { ...earlier, ...ruleOf(row), decision, decidedBy, onFailure };
  }
  // Ended and reported before: Graph lists the task as open, so it is ended once more.
  if (row.event === 'sent' || row.event === 'none') return { decision: 'release', decidedBy: 'rules', onFailure };
  if (row.phase === 'end') return decideOnHeld(row, deps.clock.now(), onFailure);
  if (!access.active) return { decision: onFailure, decidedBy: 'inactive', onFailure };
  return decideByRules(deps, work, found, onFailure);
}

/** What ends a job when its rules cannot be applied. */
function onFailureOf(access: Access): Ending {
  return access.active ? access.tenant.onFailure : access.onFailure;
}

function decideOnHeld(row: LedgerRow, now: number, onFailure: Ending): Decided | 'staysHeld' {
  const held = parseChange(row.heldConfigure);
  const wish = parseWish(row.wish);
  if (wish) {
    const { action, by, printerId, reason } = wish;
    const configure = { ...held, ...wish.configure };
    return {
      ...ruleOf(row),
      decision: action,
      decidedBy: 'wish',
      by,
      ...(printerId === undefined ? {} : { targetPrinterId: printerId }),
      ...(reason === undefined ? {} : { reason }),
      ...configureCell(action === 'abort' ? {} : configure),
      onFailure,
    };
  }
  if (!isHoldOver(row, now)) return 'staysHeld';
  const decision = row.heldElse ?? 'release';
  return {
    ...ruleOf(row),
    decision,
    decidedBy: 'deadline',
    ...configureCell(decision === 'abort' ? {} : held),
    onFailure,
  };
}

async function decideByRules(
  deps: DecisionDeps,
  { reference }: DecisionWork,
  found: Found,
  onFailure: Ending,
): Promise<Decided> {
  const { tenantId } = reference;
  const inForce = await deps.rules.rulesOf(tenantId, deps.logger);
  switch (inForce.kind) {
    case 'none':
      return { decision: 'release', decidedBy: 'rules', onFailure };
    case 'outage':
      throw inForce.error;
    case 'unreadable': {
      const { blob, problem } = inForce;
      deps.logger.error('job.rulesUnreadable', { ...idsOf(reference), blob, problem, onFailure });
      return { decision: onFailure, decidedBy: 'rulesUnreadable', onFailure };
    }
    case 'rules': {
      const { document, etag } = inForce;
      const source = { event: 'jobStarted', printerId: found.printerId ?? '', job: found.job?.fields ?? {} } as const;
      const { action, rule } = decide(
        document,
        readFacts({ ...source, ...(await readCostlyFacts(deps, tenantId, document, found)) }),
      );
      const cells = cellsOf(action, deps.clock.now());
      const named = rule === undefined ? {} : { rule, rulesEtag: etag };
      return { ...cells, ...named, decidedBy: 'rules', onFailure: document.onFailure };
    }
  }
}

/** What the rules ask beside the job. Each costs a call, so it is read only when a rule in force asks for it. */
async function readCostlyFacts(
  { callGraph, findPrinter }: DecisionDeps,
  tenantId: string,
  document: RulesDocument,
  { printerId, jobId }: Found,
): Promise<{ documents?: unknown; printer?: unknown }> {
  const needed = neededFacts(document, 'jobStarted');
  if (printerId === undefined || jobId === undefined) return {};
  const job = needed.documents ? await readJob(callGraph, { tenantId, printerId, jobId }, 'documents') : undefined;
  const printer = needed.printer ? await findPrinter(callGraph, tenantId, printerId) : undefined;
  return { ...(typeof job === 'object' ? { documents: job.documents } : {}), printer };
}

function cellsOf(action: Action, now: number): Omit<Decided, 'decidedBy' | 'onFailure'> {
  const change = 'configure' in action && action.configure ? action.configure : {};
  switch (action.kind) {
    case 'hold':
      return {
        decision: 'hold',
        heldUntil: isoTime(now + action.minutes * 60_000),
        heldElse: action.else,
        ...(action.document ? { needsDocument: true } : {}),
        ...(Object.keys(change).length === 0 ? {} : { heldConfigure: JSON.stringify(change) }),
      };
    case 'redirect':
      return { decision: 'redirect', targetPrinterId: action.printerId, ...configureCell(change) };
    case 'abort':
      return { decision: 'abort', ...(action.reason === undefined ? {} : { reason: action.reason }) };
    case 'release':
    case 'notify':
    case 'archive':
      return { decision: 'release', ...configureCell(change) };
  }
}

/** The same for every job: the claim has written it. */
export function isMereRelease({ decision, decidedBy = 'rules', configure }: DecisionCells): boolean {
  return decision === 'release' && decidedBy === 'rules' && configure === undefined;
}

/** The change of a configuration in a cell. */
export function parseChange(cell: string | undefined): Record<string, unknown> {
  const change = cell === undefined ? undefined : parseJson(cell);
  return isRecord(change) ? change : {};
}

function configureCell(change: Readonly<Record<string, unknown>>): Pick<DecisionCells, 'configure'> {
  return Object.keys(change).length === 0 ? {} : { configure: JSON.stringify(change) };
}

function ruleOf({ rule, rulesEtag }: Pick<LedgerRow, 'rule' | 'rulesEtag'>): Pick<LedgerRow, 'rule' | 'rulesEtag'> {
  return { ...(rule === undefined ? {} : { rule }), ...(rulesEtag === undefined ? {} : { rulesEtag }) };
}

/** A printer is renamed or moved rarely. */
const PRINTER_KNOWN_FOR_MS = 24 * 60 * 60_000;
const MOST_PRINTERS = 5_000;

/** `FindPrinter` with a memory of a day. */
export function createFindPrinter(clock: Pick<Clock, 'now'>): FindPrinter {
  const known = createCache<Printer>({ most: MOST_PRINTERS, keepMs: PRINTER_KNOWN_FOR_MS, clock });
  return async (callGraph, tenantId, printerId) => {
    const name = `${tenantId}/${printerId}`;
    const remembered = known.get(name);
    if (remembered) return remembered;
    const printer = await readPrinter(callGraph, { tenantId, printerId });
    if (printer) known.set(name, printer);
    return printer;
  };
}

/** What ends a job whose document could not be archived before its hold. */
export function decideWithoutDocument(decided: Decided): Decided {
  const { onFailure } = decided;
  return { decision: onFailure, decidedBy: 'document', onFailure, ...ruleOf(decided) };
}

/** What ends an open job that cannot be read or decided on: the end of its hold, else the choice for failures. */
export function decideByFailure({ claim: { row }, access }: DecisionWork, decidedBy: DecidedBy): Decided {
  const onFailure = onFailureOf(access);
  const decision = (row.phase === 'end' ? row.heldElse : undefined) ?? onFailure;
  return { decision, decidedBy, onFailure, ...ruleOf(row) };
}
