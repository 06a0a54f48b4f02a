import { eachBounded, inPieces } from '../shared/concurrency';
import type { CliContext } from './context';
import { plural, reportProgress } from './output';

/** Deletions side by side. */
const AT_ONCE = 16;
const PIECE = 100;

/**
 * Deletes every archived document of a customer. Resolves with how many were deleted.
 *
 * @throws ReceiverError `blobsUnavailable`
 */
export async function removeDocuments({ terminal, services }: CliContext, tenantId: string): Promise<number> {
  const documents = await (await services()).documents();
  const report = reportProgress(terminal, 1_000, (done) => `${plural(done, 'document')} deleted`);
  let removed = 0;
  for await (const piece of inPieces(PIECE, documents.list(`${tenantId}/`))) {
    await eachBounded(AT_ONCE, piece, async ({ name }) => {
      if (await documents.remove(name)) report((removed += 1));
    });
  }
  return removed;
}
