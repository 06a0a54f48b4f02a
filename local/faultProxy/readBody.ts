import type { IncomingMessage } from 'node:http';

/** A queue message is at most 64 KiB, a table entity mostly a few; larger bodies are streamed and not recorded. */
const RECORDED_BYTES = 128 * 1024;

/** The request's body when its declared length is small, else undefined and untouched. Rejects when the client aborts. */
export async function readSmallBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const length = Number(request.headers['content-length']);
  if (!(length <= RECORDED_BYTES)) return undefined;
  return readAll(request);
}

/** All bytes of a message. Rejects when it ends early. */
export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts);
}
