import type { Logger } from '../logger';
import type { MessageQueue } from '../storage/queues';
import { isoTime, releaseClaim, type Claim, type ClaimDeps } from './claims';
import type { JobFacts } from './jobEvent';
import { formatJobMessage, idsOf, type MessageOfJob } from './message';
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
