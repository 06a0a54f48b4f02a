import { ReceiverError, type ErrorCode } from '../errors';

const OUT_OF_TIME = ['AbortError', 'TimeoutError'];
/** Names of @azure/identity's errors: the managed identity's endpoint is busy or restarting now and then. */
const SIGN_IN_ERRORS = ['AuthenticationError', 'AggregateAuthenticationError', 'CredentialUnavailableError'];

/**
 * A table that does not serve us is waited for, whatever the reason: the queues may be in order, and a message waits
 * there without losing an attempt. After a deployment a role takes some minutes to hold, and tables may come after the
 * app. A queue that refuses us is no place to wait, so these words are the tables' alone.
 */
const TABLE_REMEDIES = new Map([
  [401, 'its identity or key is not accepted: check AzureWebJobsStorage'],
  [
    403,
    'its identity or key has no right to this: check AzureWebJobsStorage, the role Storage Table Data Contributor of the identity (a new one takes minutes to hold), and the firewall of the account',
  ],
  [
    404,
    'the table is missing: check AzureWebJobsStorage, deploy the infrastructure, or start the local cloud (npm start)',
  ],
]);

/**
 * What a failed call to storage means to its caller: a ReceiverError, retryable, when the same call may succeed later
 * (no answer in time, throttled, out of order, no token for now; of a table also no right to it, and that it is
 * missing); anything else as it is.
 *
 * Looks at names instead of classes: each SDK brings its own.
 */
export function toStorageError(
  error: unknown,
  code: Extract<ErrorCode, 'storageUnavailable' | 'queueUnavailable'>,
): unknown {
  if (!(error instanceof Error)) return error;
  const words =
    code === 'queueUnavailable' ? passing(error, 'queue') : (refusal(error) ?? passing(error, 'table'));
  return words === undefined ? error : new ReceiverError(code, words, { cause: error });
}

function refusal(error: Error): string | undefined {
  const status = statusOf(error);
  const remedy = status === undefined ? undefined : TABLE_REMEDIES.get(status);
  return remedy === undefined ? undefined : `Storage answered ${status}: ${remedy}`;
}

function passing(error: Error, service: 'queue' | 'table'): string | undefined {
  return mayPass(error)
    ? `The ${service} service did not serve the call: check AzureWebJobsStorage, its health and firewall`
    : undefined;
}

function mayPass(error: Error): boolean {
  if (OUT_OF_TIME.includes(error.name) || SIGN_IN_ERRORS.includes(error.name)) return true;
  if (error.name !== 'RestError') return false;
  const status = statusOf(error);
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

function statusOf(error: Error): number | undefined {
  const status = error.name === 'RestError' && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}
