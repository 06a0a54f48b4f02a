import { createHash } from 'node:crypto';
import type { DocumentContainer, DocumentFacts } from '../../shared/storage/documents';

/** A DocumentContainer in memory. It passes the same contract suite as the Azure container (tests/contracts). */
export function createMemoryDocuments() {
  const blobs = new Map<string, { content: Buffer; facts: DocumentFacts }>();
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
      const blob = blobs.get(name) ?? { content: Buffer.concat(chunks), facts };
      blobs.set(name, blob);
      return shown(blob.content);
    },
  };
  return { ...documents, blobs };
}
