import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock';
import { errorFields, ReceiverError } from '../errors';
import { GRAPH_CALL_LIMIT_MS } from '../graph/throttle';
import { GraphError } from '../graph/errors';
import type { ReadAccess } from '../jobs/access';
import { failedArchive, isArchiveOver } from '../jobs/archiveFailure';
import { claimToArchive } from '../jobs/archiving';
import { extendLease, isoTime, releaseClaim, type Claim, type ClaimDeps } from '../jobs/claims';
import { deferAfterError, deferUntilTablesAnswer } from '../jobs/defer';
import type { Ledger } from '../jobs/ledger';
import type { LedgerRow } from '../jobs/ledgerRow';
import { afterAdmission, formatJobMessage, idsOf, parseJobMessage, watchOf, type MessageOfJob } from '../jobs/message';
import { taskDeadline } from '../jobs/startedJob';
import type { Logger } from '../logger';
import { isRefusalOfQueue } from '../storage/errors';
import type { MessageQueue } from '../storage/queues';
import { storeDocuments, type ArchivedDocument, type StoreDeps } from './storeDocuments';
import type { Transfers } from './transfers';

export interface ArchiveDeps extends StoreDeps {
  ledger: Ledger;
  readAccess: ReadAccess;
  transfers: Transfers;
  queues: {
    /** print-archive. */
    archive: MessageQueue;
    /** print-notifications: the work on the job continues there. */
    jobs: MessageQueue;
    /** print-archive-poison. */
    poison: MessageQueue;
  };
  clock: Clock;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** The result of one message. After each of them the message may be deleted. */
export type ArchiveOutcome =
  | 'stored'
  /** The documents cannot be archived. */
  | 'failed'
  /** The job is in the queue of jobs, and comes back. Where that queue refuses, a copy of the message is on this one. */
  | 'deferred'
  /** There is nothing to archive, or another run does it. */
  | 'notWanted'
  /** The result was recorded before. The job is sent back once more. */
  | 'recorded'
  /** A copy of the message is on the queue: this process has no place for it. */
  | 'noPlace'
  | 'poisoned';

/** Under functionTimeout of host.json, 30 minutes. */
const RUN_MS = 25 * 60_000;
/** Runs whose download broke with each of its addresses. */
const MOST_BROKEN_RUNS = 5;
/** The lease of 90 s is renewed often enough that one failed write costs nothing. */
const RENEW_LEASE_EVERY_MS = 30_000;
/** Another instance may have a place sooner. */
const NO_PLACE_SECONDS = 15;
/** As long as a message may be hidden in a queue with a trigger (fairness/fairQueue.ts). */
const QUEUE_WAIT_SECONDS = 60;

/**
 * Handles one message of print-archive: stores the documents of the job under its claim, records the result on its row, and
 * sends the job back to the queue of jobs, where its event is sent or its hold begins.
 *
 * @throws errors that need a retry soon or a person, which the host tries again
 */
export async function archiveDocument(deps: ArchiveDeps, input: unknown): Promise<ArchiveOutcome> {
  const parsed = parseJobMessage(input);
  const message = 'message' in parsed ? parsed.message : undefined;
  if (!message?.reference) {
    deps.logger.error('archive.poisoned', { reason: 'malformed' });
    await deps.queues.poison.send(typeof input === 'string' ? input : JSON.stringify(input));
    return 'poisoned';
  }
  const { tenantId } = message.reference;
  if (!deps.transfers.enter(tenantId)) {
    await deps.queues.archive.send(formatJobMessage(message), { delaySeconds: NO_PLACE_SECONDS });
    return 'noPlace';
  }
  // Any other wait of this run begins after the tables have answered.
  const { tablesOutSince, ...admitted } = afterAdmission(message);
  try {
    return await archiveInPlace(deps, admitted);
  } catch (error) {
    if (isRefusalOfQueue(error)) return await waitForQueue(deps, admitted, error);
    if (!(error instanceof ReceiverError) || error.code !== 'storageUnavailable') throw error;
    return await deferUntilTablesAnswer(deps, admitted, tablesOutSince, error);
  } finally {
    deps.transfers.leave(tenantId);
  }
}

/** The queue of jobs refuses. What the run has recorded is on the row, and the next one sends the job back. */
async function waitForQueue(deps: ArchiveDeps, message: MessageOfJob, error: ReceiverError): Promise<'deferred'> {
  deps.logger.warn('job.dependencyUnavailable', { ...idsOf(message.reference), ...errorFields(error) });
  await deps.queues.archive.send(formatJobMessage(message), { delaySeconds: QUEUE_WAIT_SECONDS });
  return 'deferred';
}

async function archiveInPlace(deps: ArchiveDeps, message: MessageOfJob): Promise<ArchiveOutcome> {
  const { reference } = message;
  const ledger = { ledger: deps.ledger, clock: deps.clock };
  const access = await deps.readAccess(watchOf(reference), undefined);
  const claim = await claimToArchive(ledger, reference, randomUUID());
  if (claim === 'notWanted') return claim;
  if (claim === 'recorded') {
    // An earlier run may have ended between its record and its message.
    await deps.queues.jobs.send(formatJobMessage({ ...message, deferrals: 0 }));
    return claim;
  }
  const { printerId, jobId } = claim.row;
  const startedAt = deps.clock.now();
  const endsAt = Math.min(
    startedAt + RUN_MS,
    reference.kind === 'jobStarted' ? taskDeadline(claim.row, access) : Infinity,
  );
  const run = keepClaim(deps, ledger, claim, endsAt);
  let archived: ArchivedDocument[];
  try {
    if (!access.active) throw new ReceiverError('tenantNotActive', 'The customer or watch is not active');
    if (printerId === undefined || jobId === undefined) {
      throw new ReceiverError('documentUnavailable', 'Graph does not show the printer of the job');
    }
    const { tenantId } = reference;
    archived = await storeDocuments(deps, { tenantId, printerId, jobId }, run.signal);
  } catch (error) {
    await run.end();
    return run.isLost() ? 'notWanted' : endAfterError(deps, { message, claim, access }, error, endsAt);
  }
  // Before the result is recorded: a renewal of the lease beside it would change the row.
  await run.end();
  if (run.isLost()) return 'notWanted';
  const bytes = archived.reduce((sum, { size }) => sum + size, 0);
  const ms = deps.clock.now() - startedAt;
  deps.logger.info('archive.stored', { ...idsOf(reference), documents: archived.length, bytes, ms });
  return handBack(deps, message, claim, { archive: 'stored', archived: JSON.stringify(archived) });
}

/** Keeps the claim while documents are transferred. Its signal is aborted at `endsAt`, and when another run has the claim. */
function keepClaim({ clock }: ArchiveDeps, ledger: ClaimDeps, claim: Claim, endsAt: number) {
  const aborted = new AbortController();
  const ended = new AbortController();
  let isLost = false;
  const keep = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const leftMs = endsAt - clock.now();
      if (leftMs <= 0)
        return aborted.abort(new ReceiverError('deadlinePassed', 'The time to archive the documents is up'));
      await clock.sleep(Math.min(RENEW_LEASE_EVERY_MS, leftMs), ended.signal);
      // A write that failed is repeated by the next one, before the lease ends. Recording the result finds out whose the row is.
      const isKept = await extendLease(ledger, claim, GRAPH_CALL_LIMIT_MS).catch(() => true);
      if (isKept) continue;
      isLost = true;
      return aborted.abort(new ReceiverError('claimLost', 'Another run has taken the job over'));
    }
  };
  const keeping = keep().catch(() => undefined);
  return {
    signal: aborted.signal,
    isLost: () => isLost,
    end: async () => {
      ended.abort();
      await keeping;
    },
  };
}

/** Waits where waiting helps and there is time. Otherwise the row says why the documents are not archived. */
async function endAfterError(
  deps: ArchiveDeps,
  work: { message: MessageOfJob; claim: Claim; access: Awaited<ReturnType<ReadAccess>> },
  error: unknown,
  endsAt: number,
): Promise<ArchiveOutcome> {
  const { message, claim } = work;
  const ids = idsOf(message.reference);
  const { archiveTries = 0 } = claim.row;
  const isBroken = error instanceof ReceiverError && ['downloadBroken', 'deadlinePassed'].includes(error.code);
  if (isBroken) claim.row = { ...claim.row, archiveTries: archiveTries + 1 };
  const now = deps.clock.now();
  const isOver = message.reference.kind === 'jobStarted' ? now >= endsAt : isArchiveOver(claim.row, now);
  const isFinal =
    isOver ||
    (isBroken && archiveTries + 1 >= MOST_BROKEN_RUNS) ||
    (error instanceof ReceiverError && !error.retryable);
  if (!isFinal) {
    const left = await deferAfterError({ ...deps, queues: deps.queues }, work, error);
    if (left === 'deferred') return 'deferred';
    if (left !== 'failed' && left !== 'retriesEnded') throw error;
  }
  deps.logger.error('archive.failed', { ...ids, ...errorFields(error) });
  const failure = error instanceof ReceiverError ? error : new ReceiverError('unexpected', 'Unexpected');
  const lastRefusal = error instanceof GraphError ? { lastRefusal: error.message } : {};
  return handBack(deps, message, claim, { ...failedArchive(failure), ...lastRefusal });
}

/** Records the result and sends the job back to the queue of jobs. */
async function handBack(
  deps: ArchiveDeps,
  message: MessageOfJob,
  claim: Claim,
  result: Pick<LedgerRow, 'archived' | 'refused' | 'lastRefusal'> & { archive: 'stored' | 'failed' },
): Promise<ArchiveOutcome> {
  const { archive } = result;
  const ledger = { ledger: deps.ledger, clock: deps.clock };
  const cause = archive === 'stored' ? 'archived' : 'archiveFailed';
  const changes = { status: 'waiting', cause, nextTryAt: isoTime(deps.clock.now()), ...result } as const;
  if (!(await releaseClaim(ledger, claim, changes))) return 'notWanted';
  await deps.queues.jobs.send(formatJobMessage({ ...message, deferrals: 0 }));
  return archive;
}
