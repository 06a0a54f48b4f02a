import { ReceiverError, type ErrorCode } from '../errors';

const OUT_OF_TIME = ['AbortError', 'TimeoutError'];
/** Names of @azure/identity's errors: the managed identity's endpoint is busy or restarting now and then. */
const SIGN_IN_ERRORS = ['AuthenticationError', 'AggregateAuthenticationError', 'CredentialUnavailableError'];

/**
 * What a failed call to storage means to its caller: a ReceiverError, retryable, when the same call may succeed later
 * (no answer in time, throttled, out of order, no token for now); anything else as it is, because it is wrongly set up.
 *
 * Looks at names instead of classes: each SDK brings its own.
 */
export function toStorageError(
  error: unknown,
  code: Extract<ErrorCode, 'storageUnavailable' | 'queueUnavailable'>,
): unknown {
  if (!(error instanceof Error) || !mayPass(error)) return error;
  const service = code === 'queueUnavailable' ? 'queue' : 'table';
  return new ReceiverError(`The ${service} service did not serve the call: check its health and firewall`, {
    code,
    retryable: true,
    cause: error,
  });
}

function mayPass(error: Error): boolean {
  if (OUT_OF_TIME.includes(error.name) || SIGN_IN_ERRORS.includes(error.name)) return true;
  if (error.name !== 'RestError') return false;
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status !== 'number' || status === 408 || status === 429 || status >= 500;
}
