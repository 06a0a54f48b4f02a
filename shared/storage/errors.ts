import { ReceiverError, type ErrorCode } from '../errors';

/** The service behind each code, as messages and roles name it, and what holds its data. */
const SERVICES = {
  storageUnavailable: { service: 'Table', holder: 'table' },
  queueUnavailable: { service: 'Queue', holder: 'queue' },
  blobsUnavailable: { service: 'Blob', holder: 'container' },
} as const satisfies Partial<Record<ErrorCode, { service: string; holder: string }>>;

/** The setting that names another account for a service. */
const OTHER_ACCOUNT = {
  Table: [],
  Queue: ['EVENTS_STORAGE__queueServiceUri'],
  Blob: ['DATA_STORAGE__blobServiceUri'],
} as const;

type StorageErrorCode = keyof typeof SERVICES;

const TIMED_OUT = ['AbortError', 'TimeoutError'];
/** Names of errors of @azure/identity: the endpoint of the managed identity is busy or restarting now and then. */
const SIGN_IN_ERRORS = ['AuthenticationError', 'AggregateAuthenticationError', 'CredentialUnavailableError'];

/**
 * What a person does about a refusal. It is retried like an outage, because a message that waits loses no attempt: a role
 * assignment takes effect after a few minutes, and a table, queue or container that was deleted is created again.
 */
function remedyOf(status: number | undefined, code: StorageErrorCode): string | undefined {
  const { service, holder } = SERVICES[code];
  // The address in the message shows which account it is.
  const setting = ['AzureWebJobsStorage', ...OTHER_ACCOUNT[service]].join(' or ');
  switch (status) {
    case 401:
      return `The identity or key was not accepted: check ${setting}.`;
    case 403:
      return `The identity or key has no access: check ${setting}, the role Storage ${service} Data Contributor of the identity (a new assignment takes effect after a few minutes), and the firewall of the account.`;
    case 404:
      return `The ${holder} is missing: check ${setting}, deploy the infrastructure, or start the local cloud (npm start).`;
    case 409:
      return `The ${holder} is being deleted: create it again when that has ended.`;
    default:
      return undefined;
  }
}

/**
 * What a failed call to storage means to its caller: a retryable ReceiverError when the same call may succeed later (no
 * answer in time, throttled, unavailable, no token, no access, or the table, queue or container is missing). Any other error is returned
 * unchanged.
 *
 * @param url of the service as its client names it; the message shows its `addressOf`
 */
export function toStorageError(error: unknown, code: StorageErrorCode, url: string): unknown {
  if (!(error instanceof Error)) return error;
  const { service } = SERVICES[code];
  const address = addressOf(url);
  const status = statusOf(error);
  const remedy = remedyOf(status, code);
  if (remedy !== undefined) {
    const problem = `${service} storage at ${address} answered ${status}`;
    return new ReceiverError(code, problem, { remedy, cause: error });
  }
  if (!isTransient(error)) return error;
  const reason = status === undefined ? reasonOf(error) : `status ${status}`;
  return new ReceiverError(code, `Cannot reach ${service} storage at ${address} (${reason})`, { cause: error });
}

/** Whether a queue is unavailable for now, missing, or refuses the app. */
export function isRefusalOfQueue(error: unknown): error is ReceiverError {
  return error instanceof ReceiverError && error.code === 'queueUnavailable';
}

/**
 * The part of a storage URL that may be logged: no query, which holds the signature when the connection string has a shared
 * access signature, and no user part.
 */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) return 'an unknown address';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

/** Compares names instead of classes, because each SDK brings its own. */
function isTransient(error: Error): boolean {
  if (TIMED_OUT.includes(error.name) || SIGN_IN_ERRORS.includes(error.name)) return true;
  if (error.name !== 'RestError') return false;
  const status = statusOf(error);
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

function statusOf(error: Error): number | undefined {
  const status = error.name === 'RestError' && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** Names and codes only: the message of an SDK may quote its input. */
function reasonOf(error: Error): string {
  if (TIMED_OUT.includes(error.name)) return 'no answer in time';
  if (SIGN_IN_ERRORS.includes(error.name)) return 'no token of the managed identity, or outside Azure of az login';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'ECONNREFUSED') return 'connection refused';
  return /^[A-Z_]{3,40}$/.test(code) ? code : 'no answer';
}
