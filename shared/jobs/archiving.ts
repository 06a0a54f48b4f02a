import { errorFields } from '../errors';
import type { Logger } from '../logger';
import { isRefusalOfQueue } from '../storage/errors';
import type { MessageQueue } from '../storage/queues';
import { isLeaseOver, isoTime, LEASE_MS, releaseClaim, type Claim, type ClaimDeps } from './claims';
import { requeue } from './defer';
import { growingDelayMs } from './delays';
import type { JobFacts } from './jobEvent';
import type { LedgerRow } from './ledgerRow';
import { formatJobMessage, idsOf, ledgerKey, type JobReference, type MessageOfJob } from './message';
import { recordOf } from './work';

export interface SendToArchiveDeps {
  ledger: ClaimDeps;
  queues: { archive: MessageQueue; jobs: MessageQueue };
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** Under a backlog of the archive, one more message is sent for a job in this time. Duplicates find its row claimed. */
const LOOK_AFTER_MS = 15 * 60_000;

/**
 * Hands a job to the function that archives its documents, and releases the claim. The row keeps what is known of the job:
 * Graph may have deleted it when its event is sent.
 *
 *   released, `wanted` ---- sent to print-archive ---- this message deleted
 *                      died                       died: the message is redelivered, and a second one is harmless
 *
 * @returns `claimLost` when another run has taken the row over. `deferred`: the queue of the archive refuses, so the message
 *   comes back, and this step is tried again
 * @throws errors of the queue of jobs
 */
export async function sendToArchive(
  { ledger, queues, random, logger }: SendToArchiveDeps,
  message: MessageOfJob,
  claim: Claim,
  facts: JobFacts,
): Promise<'archiving' | 'claimLost' | 'deferred'> {
  const now = ledger.clock.now();
  const { archiveSince = isoTime(now), waitReason, waitingSince } = claim.row;
  // The waits of an outage that the archive has met grow from one run to the next.
  const outage = waitReason === 'outage' && waitingSince !== undefined ? { waitReason, waitingSince } : {};
  const nextTryAt = isoTime(now + LOOK_AFTER_MS);
  const wanted = {
    status: 'waiting',
    archive: 'wanted',
    archiveSince,
    cause: 'archive',
    nextTryAt,
    ...outage,
  } as const;
  if (!(await releaseClaim(ledger, claim, { ...recordOf(facts), ...wanted }))) return 'claimLost';
  try {
    await queues.archive.send(formatJobMessage({ ...message, deferrals: 0 }));
  } catch (error) {
    if (!isRefusalOfQueue(error)) throw error;
    logger.warn('job.dependencyUnavailable', { ...idsOf(message.reference), ...errorFields(error) });
    const waitedMs = Math.max(0, now - Date.parse(archiveSince)) || 0;
    return requeue({ queues, logger }, message, error.code, growingDelayMs('outage', waitedMs, random()));
  }
  logger.info('job.archiving', idsOf(message.reference));
  return 'archiving';
}

/**
 * Claims the row of a job for the run that archives its documents.
 *
 * @returns `notWanted` when there is nothing to archive: another run works on the job, or it has ended since. `recorded`
 *   when the result is on the row, and the job waits to continue
 */
export async function claimToArchive(
  deps: ClaimDeps,
  reference: JobReference,
  runId: string,
): Promise<Claim | 'notWanted' | 'recorded'> {
  const stored = await deps.ledger.get(ledgerKey(reference));
  if (!stored) return 'notWanted';
  const { value: found } = stored;
  const isFree = found.status === 'waiting' || (found.status === 'claimed' && isLeaseOver(stored));
  if (!isFree || found.archive === undefined) return 'notWanted';
  if (found.archive !== 'wanted') return 'recorded';
  const now = deps.clock.now();
  const lease = { runId, leaseUntil: isoTime(now + LEASE_MS) };
  const row: LedgerRow = { ...found, ...lease, status: 'claimed', attempts: found.attempts + 1 };
  const etag = await deps.ledger.replace(reference, row, stored);
  if (etag === undefined) return 'notWanted';
  return { reference, runId, row, etag, earlier: undefined, hasActed: false, serviceAheadMs: 0, writtenAt: now };
}
