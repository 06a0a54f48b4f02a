import { createHash } from 'node:crypto';
import type { DocumentContainer, DocumentFacts } from '../../shared/storage/documents';

/**
 * A DocumentContainer in memory. It passes the same contract suite as the Azure container (tests/contracts).
 *
 * @param clock of the service
 */
export function createMemoryDocuments(clock: { now: () => number } = { now: () => Date.now() }) {
  const blobs = new Map<string, { content: Buffer; facts: DocumentFacts; storedAt: number }>();
  const shown = (content: Buffer) => ({
    size: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  });
  const documents: DocumentContainer = {
    find: (name) => {
      const blob = blobs.get(name);
      return Promise.resolve(blob && shown(blob.content));
    },
    async store(name, content, facts, signal) {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk);
      signal.throwIfAborted();
      const blob = blobs.get(name) ?? { content: Buffer.concat(chunks), facts, storedAt: clock.now() };
      blobs.set(name, blob);
      return shown(blob.content);
    },
    async *list(prefix) {
      await Promise.resolve();
      for (const name of [...blobs.keys()].sort()) {
        const { storedAt } = blobs.get(name) ?? {};
        if (storedAt !== undefined && name.startsWith(prefix)) yield { name, storedAt };
      }
    },
    remove: (name) => Promise.resolve(blobs.delete(name)),
  };
  return { ...documents, blobs };
}
