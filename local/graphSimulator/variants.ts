/**
 * Where the documentation is silent or contradicts itself, both readings can be switched on.
 * Each one is explained in README.md.
 */
export interface Variants {
  enforce409: boolean;
  batch424: boolean;
  /** Share of the parts of a $batch that take effect and have no answer in it. */
  batchPartsMissing: number;
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
  /** `published`: the limits of concepts/throttling-limits.md, multiplied by throttlingScale. */
  throttling: 'published' | 'off';
  throttlingScale: number;
  /** Whether windows and Retry-After pass in real time or follow `Date`. */
  throttlingClock: 'real' | 'date';
  /** How the sign-in service answers an app whose consent was taken back. */
  revokedToken: 'unauthorizedClient' | 'invalidGrant' | 'withoutRoles';
  /** What a token issued before the revocation meets at Graph; 0 = it works until it ends. */
  revokedCalls: 401 | 403 | 0;
  /** Seconds between two polls of a device code. */
  deviceCodeIntervalSeconds: number;
  /** `wait` for the control call or the page; anything else answers each device code at once. */
  deviceCodeAnswer: 'wait' | 'printerAdministrator' | 'user' | 'decline';
  /** Whether the app registration allows public client flows, which a device code needs. */
  publicClientAllowed: boolean;
  adminConsent: 'grant' | 'deny';
  /** Life of the access token that a subscription holds; 0 = it never lapses. */
  subscriptionTokenMinutes: number;
  /** Notifications wait, at most 4 hours, while the token of their subscription has lapsed. */
  holdWithoutToken: boolean;
  /** reauthorizationRequired when a subscription has less than this left; 0 = never. */
  expiryNoticeMinutes: number;
  /** Asks again after so many minutes without a renewal; 0 = once. */
  lifecycleRepeatMinutes: number;
  /** Share of the lifecycle events that are due which is really sent. */
  lifecycleRate: number;
  noticeAtPermissionChange: boolean;
  /** Share of the subscriptions that disappears in an hour of `Date`, without a word. */
  subscriptionLossPerHour: number;
  /** Minutes from the creation of a job until it is forgotten, unless an open task blocks it; 0 = never. */
  jobKeptMinutes: number;
}

/** The reading that the documentation makes likelier, switch by switch. */
export function defaultVariants(): Variants {
  return {
    enforce409: true,
    batch424: true,
    batchPartsMissing: 0,
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
    throttling: 'published',
    throttlingScale: 1,
    throttlingClock: 'real',
    revokedToken: 'unauthorizedClient',
    revokedCalls: 401,
    // identity-platform v2-oauth2-device-code: the interval of the sample answer.
    deviceCodeIntervalSeconds: 5,
    deviceCodeAnswer: 'wait',
    publicClientAllowed: true,
    adminConsent: 'grant',
    subscriptionTokenMinutes: 0,
    holdWithoutToken: false,
    expiryNoticeMinutes: 0,
    lifecycleRepeatMinutes: 0,
    lifecycleRate: 1,
    noticeAtPermissionChange: false,
    subscriptionLossPerHour: 0,
    // Longer than any ledger's retention that a test uses, so that a sweep still meets jobs older than it.
    jobKeptMinutes: 60 * 1440,
  };
}
