import { ReceiverError } from '../errors';
import { NOT_YET_WINDOW_MS, waitedFor } from './delays';
import type { LedgerRow } from './ledgerRow';

/**
 * The event of a fetchable job waits no longer for its documents, or for the rules that may archive them: as long as Graph itself
 * repeats a notification.
 */
export const LONGEST_ARCHIVING_MS = 4 * 60 * 60_000;

/** Whether the time to archive the documents of a fetchable job is up. An open task has its own deadline. */
export function isArchiveOver({ archiveSince }: Pick<LedgerRow, 'archiveSince'>, now: number): boolean {
  return archiveSince !== undefined && now >= Date.parse(archiveSince) + LONGEST_ARCHIVING_MS;
}

/** Why a fetchable job that waits for the archive continues without it. Undefined while it may wait. */
export function archiveEndOf(row: LedgerRow, isShown: boolean, now: number): ReceiverError | undefined {
  if (row.archive !== 'wanted') return undefined;
  if (!isShown && waitedFor(row, 'notYet', now) >= NOT_YET_WINDOW_MS) {
    return new ReceiverError('documentUnavailable', 'Graph no longer shows the job', { remedy: 'It was deleted.' });
  }
  if (!isArchiveOver(row, now)) return undefined;
  return new ReceiverError('deadlinePassed', 'The documents were not archived within 4 hours', {
    remedy: 'See the queue print-archive in: status',
  });
}

/** The cells of a row whose documents cannot be archived. The event says why. */
export function failedArchive({ code, message }: ReceiverError): Required<Pick<LedgerRow, 'refused'>> & {
  archive: 'failed';
} {
  return { archive: 'failed', refused: JSON.stringify({ action: 'archive', code, message }) };
}
