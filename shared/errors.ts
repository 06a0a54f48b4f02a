/**
 * Every code that an error of this product can carry, whether the same action may succeed later without anybody changing
 * anything, and what a person does about it. Callers branch on the code, never on the message.
 */
export const ERRORS = {
  configInvalid: { retryable: false, remedy: 'Correct the settings, then restart.' },
  tokenUnavailable: {
    retryable: true,
    remedy: 'If this lasts, check ENTRA_AUTHORITY_HOST and the credential of the app.',
  },
  tokenRefused: {
    retryable: false,
    remedy: 'Check that the customer has consented and that the credential of the app is valid and not expired.',
  },
  signInFailed: { retryable: false, remedy: 'Sign in again.' },
  graphThrottled: { retryable: true, remedy: 'The call is retried after the pause.' },
  graphUnavailable: { retryable: true, remedy: 'The call is retried.' },
  graphUnauthorized: { retryable: false, remedy: 'Check the credential of the app.' },
  graphForbidden: {
    retryable: false,
    remedy: 'Grant the app the permission and have an administrator of the customer consent again.',
  },
  graphNotFound: { retryable: false, remedy: 'Check the id.' },
  graphConflict: { retryable: false, remedy: 'Use one Entra app per deployment.' },
  graphRejected: {
    retryable: false,
    remedy: 'See the code of the answer and report it with its request id.',
  },
  documentUnavailable: {
    retryable: false,
    remedy: 'Grant the app PrintJob.Read.All, or see whether the document still exists.',
  },
  downloadBroken: { retryable: true, remedy: 'The download starts again with a new address.' },
  graphAnswerUnreadable: { retryable: true, remedy: 'If this lasts, check GRAPH_BASE_URL.' },
  storageUnavailable: {
    retryable: true,
    remedy: 'Is `npm start` running? Otherwise check AzureWebJobsStorage and the storage firewall.',
  },
  queueUnavailable: {
    retryable: true,
    remedy: 'Is `npm start` running? Otherwise check AzureWebJobsStorage and the storage firewall.',
  },
  blobsUnavailable: {
    retryable: true,
    remedy: 'Is `npm start` running? Otherwise check AzureWebJobsStorage and the storage firewall.',
  },
  rowUnreadable: { retryable: false, remedy: 'Correct or delete the row.' },
  rowContended: { retryable: true, remedy: 'Try again.' },
  keysUnreachable: { retryable: true, remedy: 'Allow the app to reach ENTRA_AUTHORITY_HOST.' },
  deadlinePassed: { retryable: true, remedy: 'The next run continues.' },
  claimLost: { retryable: true, remedy: 'The message is redelivered.' },
  tenantNotActive: { retryable: false, remedy: 'See: tenants list' },
  watchUnknown: { retryable: false, remedy: 'See: subscriptions list' },
  pullPrintPrinter: { retryable: false, remedy: 'Use the id of each of its member printers.' },
  triggersInTheWay: { retryable: false, remedy: 'Remove each with triggers delete, or add --force.' },
  definitionInUse: { retryable: false, remedy: 'Remove what uses it, or add --force.' },
  definitionExists: { retryable: false, remedy: 'Use that one or another name, or add --force.' },
  messageNotFound: { retryable: false, remedy: 'See: poison list' },
  eventNotFound: { retryable: false, remedy: 'See: events list' },
  jobNotFound: { retryable: false, remedy: 'See jobs list, or search Graph with jobs sweep.' },
  tokenNotFound: { retryable: false, remedy: 'See: tenants token list' },
  wishPending: { retryable: true, remedy: 'The app carries it out within seconds. See: jobs show' },
  jobNotHeld: { retryable: false, remedy: 'See: jobs show' },
  fileUnreadable: { retryable: false, remedy: 'Check the path and the permissions.' },
  rulesInvalid: { retryable: false, remedy: 'Correct the rules. See docs/rules.md.' },
  rulesNotFound: { retryable: false, remedy: 'Store rules: rules push <file>' },
  rulesChanged: { retryable: false, remedy: 'See: rules diff <file>' },
  rulesNotApplied: { retryable: true, remedy: 'Store the rules again: rules push <file> --etag <text>' },
  fleetInvalid: { retryable: false, remedy: 'Correct the document. See docs/fleet.md.' },
  fleetNotFound: { retryable: false, remedy: 'Store a document: fleet import <file> --tenant <id>' },
  fleetChanged: { retryable: false, remedy: 'See: fleet plan' },
  fleetFileInvalid: { retryable: false, remedy: 'Ask for a new file, which fleet plan --out writes.' },
  fleetFileExpired: { retryable: false, remedy: 'Ask for a new file, which fleet plan --out writes.' },
  watchNotLive: { retryable: true, remedy: 'The app retries.' },
  triggerTaken: { retryable: false, remedy: 'Delete that trigger, or leave the printer out: exclude.' },
  printerNotCreated: {
    retryable: false,
    remedy: 'Look for the printer in the Universal Print portal, and repeat the command if it is not there.',
  },
  jobsStillHeld: { retryable: true, remedy: 'Repeat the command.' },
  unexpected: { retryable: true, remedy: 'See the log line function.failed.' },
  usage: { retryable: false, remedy: 'Add --help to see what the command takes.' },
} as const satisfies Readonly<Record<string, { retryable: boolean; remedy: string }>>;

export type ErrorCode = keyof typeof ERRORS;

export interface ReceiverErrorOptions {
  /** Replaces the remedy of the code where more is known: one sentence that ends with a full stop, or a command. */
  remedy?: string;
  /** Several findings of one kind, each a phrase of its own, such as the settings to correct. */
  details?: readonly string[];
  /** Codes and ids of the service that refused, for the log. Each is of a known form. */
  logFields?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** An error of this product. Its message is safe to log: no secret, no body, no document name. */
export class ReceiverError extends Error {
  readonly code: ErrorCode;
  /** True when the same action may succeed later without anybody changing anything. */
  readonly retryable: boolean;
  readonly problem: string;
  readonly details: readonly string[];
  readonly logFields: Readonly<Record<string, string>>;
  readonly remedy: string;

  /**
   * @param problem what failed: the thing, its address or id, and the status, without a full stop at the end
   */
  constructor(code: ErrorCode, problem: string, options: ReceiverErrorOptions = {}) {
    const { details = [], logFields = {}, remedy = ERRORS[code].remedy, cause } = options;
    const listed = details.length === 0 ? '' : `: ${details.join('; ')}`;
    super(`${problem}${listed}. ${remedy}`, { cause });
    this.name = 'ReceiverError';
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.problem = problem;
    this.details = details;
    this.logFields = logFields;
    this.remedy = remedy;
  }
}

/**
 * The fields of any thrown value that may be logged. Messages of unknown errors are left out, because JSON and HTTP
 * libraries quote their input in them; the frames of the stack show where the error came from.
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
    return { ...error.logFields, ...fields };
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
