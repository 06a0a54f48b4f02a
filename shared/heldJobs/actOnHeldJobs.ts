import { eachBounded } from '../concurrency';
import { errorFields, type ReceiverError } from '../errors';
import { isoTime } from '../jobs/claims';
import {
  readHeldJob,
  storeWish,
  type HeldJob,
  type Wish,
  type WishAction,
  type WishDeps,
  type WishResult,
} from '../jobs/wishes';
import type { Logger } from '../logger';
import { parseId } from '../parse';
import type { TextSigner } from '../settings/signatures';
import { invalidRequest, jobNotFound, refusal, type Answer } from './answers';
import { formatContinuation, readContinuation, type SearchScope } from './continuation';
import { MOST_JOBS, parseDecision, parseRelease, parseSearch, type Decision } from './requests';
import { searchHeldJobs, type Page } from './searchHeldJobs';
import { listedForDevice, listedForOperator, shownToDevice, shownToOperator } from './shownJob';

export interface HeldJobsDeps extends WishDeps {
  continuations: TextSigner;
  logger: Logger;
}

/** Who calls: the vendor's backend for every tenant, or a device for the tenant and the printers of its token. */
export type Caller =
  { kind: 'operator'; by: string } | { kind: 'device'; by: string; tenantId: string; printers: readonly string[] };

/** Keys of the index lie in the same table: they name no job. */
const KEY = /^job(Started|Fetchable)_[A-Za-z0-9._-]{1,257}$/;

/** The key of a job, or undefined for a text that is no such key. */
export function parseJobKey(text: string): string | undefined {
  return KEY.test(text) ? text : undefined;
}

const WISHES_AT_ONCE = 4;

/** Lists held jobs, a page at a time. @param body the text of the request */
export async function searchJobs(deps: HeldJobsDeps, caller: Caller, body: string): Promise<Answer> {
  const parsed = parseSearch(body, caller.kind === 'device');
  if (!('value' in parsed)) return invalidRequest(parsed);
  const { user, printer, limit, continuation } = parsed.value;
  const scope = { tenantId: tenantOf(caller, parsed.value), user, printer };
  const found = await readPage(deps, scope, limit, continuation);
  if (!found) return invalidContinuation();
  const { jobs, next } = found;
  return { status: 200, body: { jobs: jobs.map((job) => listed(caller, scope.tenantId, job)), ...next } };
}

/** The state of one job, its wish, and why Graph refused the last one. */
export async function showJob(deps: HeldJobsDeps, caller: Caller, job: JobAddress): Promise<Answer> {
  const held = await readJob(deps, caller, job);
  return held ? { status: 200, body: shown(caller, tenantOf(caller, job), held) } : jobNotFound();
}

export interface JobAddress {
  /** Of the route; a device has none there. */
  tenant?: string;
  key: string;
}

/** Stores what the caller wants to happen to one job. @param body the text of the request, which may be empty */
export async function actOnJob(
  deps: HeldJobsDeps,
  caller: Caller,
  job: JobAddress & { action: WishAction },
  body: string,
): Promise<Answer> {
  const parsed = parseDecision(job.action, body);
  if (!('value' in parsed)) return invalidRequest(parsed);
  const held = await readJob(deps, caller, job);
  if (!held) return jobNotFound();
  const decision = parsed.value;
  const printer = decision.action === 'redirect' ? decision.printer : held.printerId;
  if (decision.action !== 'abort' && !mayPrintAt(caller, printer)) {
    return printerNotAllowed(decision.action === 'redirect' ? 'printer' : undefined);
  }
  const key = { tenantId: tenantOf(caller, job), rowKey: held.key };
  const result = await storeDecision(deps, caller.by, key, decision);
  switch (result.outcome) {
    case 'unknown':
      return jobNotFound();
    case 'accepted':
      return { status: 202, body: shown(caller, key.tenantId, result.job) };
    case 'conflict': {
      const message = 'Another wish for this job has not been carried out yet.';
      return refusal('wishPending', message, { job: shown(caller, key.tenantId, result.job) });
    }
    case 'notHeld':
      return refusal('jobNotHeld', 'The job is not held.', { job: shown(caller, key.tenantId, result.job) });
  }
}

/**
 * Prints all held jobs of a user at one printer: those of that printer are released, those of others redirected to it. A
 * page at a time, and each job has a result of its own.
 */
export async function releaseJobs(deps: HeldJobsDeps, caller: Caller, body: string): Promise<Answer> {
  const parsed = parseRelease(body, caller.kind === 'device');
  if (!('value' in parsed)) return invalidRequest(parsed);
  const { user, printer, configure, continuation } = parsed.value;
  if (!mayPrintAt(caller, printer)) return printerNotAllowed('printer');
  const scope = { tenantId: tenantOf(caller, parsed.value), user };
  const found = await readPage(deps, scope, MOST_JOBS, continuation);
  if (!found) return invalidContinuation();
  const results = new Map<string, object>();
  await eachBounded(WISHES_AT_ONCE, found.jobs, async (held) => {
    const decision: Decision =
      held.printerId === printer ? { action: 'release', configure } : { action: 'redirect', printer, configure };
    const result = await storeDecision(deps, caller.by, { tenantId: scope.tenantId, rowKey: held.key }, decision);
    // The row was deleted since it was listed.
    if (result.outcome === 'unknown') return;
    results.set(held.key, { result: result.outcome, ...shown(caller, scope.tenantId, result.job) });
  });
  return { status: 202, body: { jobs: found.jobs.flatMap(({ key }) => results.get(key) ?? []), ...found.next } };
}

/** Stores a decision as a wish. @param by who decided, for the record. @throws errors of `storeWish` */
export async function storeDecision(
  deps: Pick<HeldJobsDeps, 'logger'> & WishDeps,
  by: string,
  key: { tenantId: string; rowKey: string },
  decision: Decision,
): Promise<WishResult> {
  const wish: Wish = { action: decision.action, by, at: isoTime(deps.clock.now()) };
  if (decision.action === 'redirect') wish.printerId = decision.printer;
  if (decision.action === 'abort') {
    if (decision.reason !== undefined) wish.reason = decision.reason;
  } else if (decision.configure !== undefined) wish.configure = decision.configure;
  const result = await storeWish(deps, key, wish);
  const { tenantId, rowKey } = key;
  deps.logger.info('job.wish', { tenantId, key: rowKey, action: wish.action, outcome: result.outcome });
  return result;
}

async function readPage(
  deps: HeldJobsDeps,
  scope: SearchScope,
  limit: number,
  continuation: string | undefined,
): Promise<(Pick<Page, 'jobs'> & { next: { continuation?: string } }) | undefined> {
  const after = continuation === undefined ? undefined : readContinuation(deps.continuations, scope, continuation);
  if (continuation !== undefined && after === undefined) return undefined;
  const onUnreadable = (error: ReceiverError) => deps.logger.error('row.unreadable', errorFields(error));
  const search = { ...scope, limit, ...(after === undefined ? {} : { after }) };
  const { jobs, last } = await searchHeldJobs({ ledger: deps.ledger, onUnreadable }, search);
  const next = last === undefined ? {} : { continuation: formatContinuation(deps.continuations, scope, last) };
  return { jobs, next };
}

async function readJob(deps: HeldJobsDeps, caller: Caller, job: JobAddress): Promise<HeldJob | undefined> {
  const tenantId = parseId(tenantOf(caller, job));
  const rowKey = parseJobKey(job.key);
  if (tenantId === undefined || rowKey === undefined) return undefined;
  return readHeldJob(deps.ledger, { tenantId, rowKey });
}

/** The tenant of a device comes from its token alone, whatever the request says. */
function tenantOf(caller: Caller, request: { tenant?: string }): string {
  return caller.kind === 'device' ? caller.tenantId : (request.tenant ?? '').toLowerCase();
}

function mayPrintAt(caller: Caller, printer: string | undefined): boolean {
  return caller.kind === 'operator' || (printer !== undefined && caller.printers.includes(printer));
}

function listed(caller: Caller, tenantId: string, job: HeldJob): object {
  return caller.kind === 'device' ? listedForDevice(job) : listedForOperator(tenantId, job);
}

function shown(caller: Caller, tenantId: string, job: HeldJob): object {
  return caller.kind === 'device' ? shownToDevice(job) : shownToOperator(tenantId, job);
}

function printerNotAllowed(field: string | undefined): Answer {
  const message = 'The token of this device does not name this printer.';
  return refusal('printerNotAllowed', message, field === undefined ? {} : { field });
}

function invalidContinuation(): Answer {
  return invalidRequest({ field: 'continuation', message: 'continuation does not belong to this request' });
}
