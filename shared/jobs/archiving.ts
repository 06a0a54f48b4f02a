import type { Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import { isLeaseOver, isoTime, LEASE_MS, releaseClaim, type Claim, type ClaimDeps } from './claims';
import type { JobFacts } from './jobEvent';
import type { LedgerRow } from './ledgerRow';
import { formatJobMessage, idsOf, ledgerKey, type JobReference, type MessageOfJob } from './message';
import { recordOf } from './work';

export interface SendToArchiveDeps {
  ledger: ClaimDeps;
  queues: { archive: MessageQueue };
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
 * @returns `claimLost` when another run has taken the row over
 * @throws errors of the queue. The message is tried again then, and so is this step
 */
export async function sendToArchive(
  { ledger, queues, logger }: SendToArchiveDeps,
  message: MessageOfJob,
  claim: Claim,
  facts: JobFacts,
): Promise<'archiving' | 'claimLost'> {
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
  await queues.archive.send(formatJobMessage({ ...message, deferrals: 0 }));
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
  return { reference, runId, row, etag, earlier: undefined, hasActed: false, writtenAt: now };
}
