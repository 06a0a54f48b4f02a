/** Every code an error of this product can carry. Callers branch on the code, never on the message. */
export type ErrorCode =
  | 'configInvalid'
  | 'tokenFailed'
  | 'graphThrottled'
  | 'graphUnavailable'
  | 'graphUnauthorized'
  | 'graphForbidden'
  | 'graphNotFound'
  | 'graphConflict'
  | 'graphRejected'
  | 'graphAnswerUnreadable'
  | 'storageUnavailable'
  | 'queueUnavailable'
  | 'rowUnreadable'
  | 'keysUnreachable'
  | 'deadlinePassed'
  | 'claimLost'
  | 'tenantNotServed'
  | 'watchUnknown'
  | 'triggersInTheWay'
  | 'definitionInUse'
  | 'messageNotFound'
  | 'jobNotFound'
  | 'usage';

export interface ReceiverErrorOptions {
  code: ErrorCode;
  /** True when the same action may succeed later without anybody changing anything. */
  retryable: boolean;
  cause?: unknown;
}

/** An error of ours: its message is safe to log (no secret, no body, no document name) and says what to do. */
export class ReceiverError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(message: string, options: ReceiverErrorOptions) {
    super(message, { cause: options.cause });
    this.name = 'ReceiverError';
    this.code = options.code;
    this.retryable = options.retryable;
  }
}

/**
 * What may be logged of any thrown value. Messages of unknown errors stay out, because JSON and HTTP libraries quote
 * their input in them; the frames of the stack say where it came from.
 */
export function errorFields(error: unknown): Record<string, string | number | boolean> {
  if (!(error instanceof Error)) return { error: typeof error };
  const fields: Record<string, string | number | boolean> = { error: error.name };
  if ('code' in error && typeof error.code === 'string') fields['code'] = error.code;
  if ('statusCode' in error && typeof error.statusCode === 'number') fields['status'] = error.statusCode;
  if ('status' in error && typeof error.status === 'number') fields['status'] = error.status;
  if (error instanceof ReceiverError) {
    fields['message'] = error.message;
    fields['retryable'] = error.retryable;
    return fields;
  }
  // The stack begins with the message, whose lines may look like frames.
  const { stack = '', message } = error;
  const frames = stack
    .slice(stack.includes(message) ? stack.indexOf(message) + message.length : 0)
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 4)
    .map((line) => line.trim().replace(/\(.*[\\/]/, '('));
  if (frames.length > 0) fields['at'] = frames.join(' < ');
  return fields;
}
