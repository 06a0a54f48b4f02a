import type { IncomingMessage } from 'node:http';

/** Kestrel's limit under the Functions host (100 MB); the setting FUNCTIONS_REQUEST_BODY_SIZE_LIMIT changes it. */
export const DEFAULT_BODY_LIMIT = 104_857_600;

export type Body =
  { readonly kind: 'bytes'; readonly bytes: Buffer } | { readonly kind: 'none' | 'too_large' | 'aborted' };

/**
 * The body as the worker gets it with HTTP streaming off: the bytes where Content-Length is above 0, otherwise nothing.
 * A chunked request has no Content-Length, so its body is read off the wire and dropped
 * (GrpcMessageConversionExtensions.cs, azure-functions-host#4926).
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Body> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > limit) return { kind: 'too_large' };
  const chunks: Buffer[] = [];
  let read = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > limit) return { kind: 'too_large' };
      if (length > 0) chunks.push(chunk);
    }
  } catch {
    return { kind: 'aborted' };
  }
  return length > 0 ? { kind: 'bytes', bytes: Buffer.concat(chunks) } : { kind: 'none' };
}
