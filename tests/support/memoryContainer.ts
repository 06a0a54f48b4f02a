import type { BlobContainer } from '../../shared/storage/blobs';

/** A BlobContainer in memory. It passes the same contract suite as the Azure container (tests/contracts). */
export function createMemoryContainer(): BlobContainer & { texts: ReadonlyMap<string, string> } {
  const blobs = new Map<string, { text: string; etag: string }>();
  const texts = new Map<string, string>();
  let version = 0;
  return {
    texts,
    read(name, { mostBytes, unless }) {
      const blob = blobs.get(name);
      if (!blob) return Promise.resolve(undefined);
      if (blob.etag === unless) return Promise.resolve('unchanged');
      const text = Buffer.from(blob.text, 'utf8')
        .subarray(0, mostBytes + 1)
        .toString('utf8');
      return Promise.resolve({ text, etag: blob.etag });
    },
    write(name, text, etag) {
      if (blobs.get(name)?.etag !== etag) return Promise.resolve(undefined);
      version += 1;
      const written = `"0x${version}"`;
      blobs.set(name, { text, etag: written });
      texts.set(name, text);
      return Promise.resolve(written);
    },
    remove(name) {
      texts.delete(name);
      return Promise.resolve(blobs.delete(name));
    },
  };
}
