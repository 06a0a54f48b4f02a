import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

/** An answer before it is written; `stream` wins over `body`, and a body that is no string is sent as JSON. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  stream?: Readable;
}

/** An answer of Graph's error shape (concepts/errors.md). `date` is in milliseconds. */
export function graphError(
  status: number,
  code: string,
  message: string,
  request: { now: number; requestId?: string; clientRequestId?: string },
): Reply {
  const requestId = request.requestId ?? randomUUID();
  return {
    status,
    body: {
      error: {
        code,
        message,
        innerError: {
          date: new Date(request.now).toISOString().slice(0, 19),
          'request-id': requestId,
          'client-request-id': request.clientRequestId ?? requestId,
        },
      },
    },
  };
}
