import { eachBounded } from '../shared/concurrency';
import type { CliContext } from './context';
import { plural, reportProgress } from './output';

/** Deletions side by side. */
const AT_ONCE = 16;

/**
 * Deletes every archived document of a customer. Resolves with how many were deleted.
 *
 * @throws ReceiverError `blobsUnavailable`
 */
export async function removeDocuments({ terminal, services }: CliContext, tenantId: string): Promise<number> {
  const documents = await (await services()).documents();
  const report = reportProgress(terminal, 1_000, (done) => `${plural(done, 'document')} deleted`);
  let removed = 0;
  const removeAll = (names: readonly string[]) =>
    eachBounded(AT_ONCE, names, async (name) => {
      if (await documents.remove(name)) report((removed += 1));
    });
  let piece: string[] = [];
  for await (const { name } of documents.list(`${tenantId}/`)) {
    piece.push(name);
    if (piece.length < AT_ONCE) continue;
    await removeAll(piece);
    piece = [];
  }
  await removeAll(piece);
  return removed;
}
