import { createCipheriv, createHash } from 'node:crypto';

const HEADER = Buffer.from('%PDF-1.7\n');
const CHUNK_BYTES = 64 * 1024;

/**
 * The content of a document in chunks, so that one of a gigabyte needs no more memory than a small one. It is the same for
 * the same seed, has no repetitions, and begins like a PDF.
 *
 * @param size bytes
 */
export function* documentContent(seed: string, size: number): Generator<Buffer> {
  const key = createHash('sha256').update(seed).digest();
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK_BYTES);
  for (let sent = 0; sent < size; sent += CHUNK_BYTES) {
    const chunk = stream.update(zeros.subarray(0, Math.min(CHUNK_BYTES, size - sent)));
    if (sent === 0) HEADER.copy(chunk);
    yield chunk;
  }
}
