/**
 * Where the documentation is silent or contradicts itself, both readings can be switched on.
 * Each one is explained in README.md.
 */
export interface Variants {
  enforce409: boolean;
  batch424: boolean;
  expiryOverMaximum: 'reject' | 'clamp';
  subscribeUnknownResource: 400 | 404;
  patchIgnoresExpiry: boolean;
  revalidateAtRenewal: boolean;
  handshakeToken: 'plain' | 'special';
  patchEndedTask: 'reject400' | 'reject409' | 'accept';
  abortedTask: 'releases' | 'kills';
  writeWithoutTask: 400 | 403 | 409;
  redirectedJobState: 'canceled' | 'completed' | 'aborted';
  redirectFiresTrigger: boolean;
  fetchableAfterAcquire: boolean;
  /** Minutes after which a job blocked by an unfinished task is deleted; 0 = never. */
  blockedJobMinutes: number;
  /** Minutes for which an ended task is still listed. */
  endedTaskListedMinutes: number;
  pageSize: number;
  resourceForm: 'plain' | 'leadingSlash' | 'keyForm';
  parentUrlInNotification: boolean;
  jobFetchableType: string;
  validationTokens: 'none' | 'v1' | 'v2';
  /** Comma list of defects of the validation tokens sent with deliveries, see validationTokens.ts. */
  validationTokenDefects: string;
  handshakeTimeoutMs: number;
}

/** The reading that the documentation makes likelier, switch by switch. */
export function defaultVariants(): Variants {
  return {
    enforce409: true,
    batch424: true,
    expiryOverMaximum: 'reject',
    subscribeUnknownResource: 400,
    patchIgnoresExpiry: false,
    revalidateAtRenewal: false,
    handshakeToken: 'plain',
    patchEndedTask: 'reject400',
    abortedTask: 'releases',
    writeWithoutTask: 400,
    redirectedJobState: 'canceled',
    redirectFiresTrigger: true,
    fetchableAfterAcquire: false,
    blockedJobMinutes: 0,
    endedTaskListedMinutes: 1440,
    pageSize: 50,
    resourceForm: 'plain',
    parentUrlInNotification: true,
    jobFetchableType: '#microsoft.graph.todoTask',
    validationTokens: 'none',
    validationTokenDefects: '',
    // concepts/change-notifications-delivery-webhooks.md: the endpoint has 10 seconds to answer.
    handshakeTimeoutMs: 10_000,
  };
}
