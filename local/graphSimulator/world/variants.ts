import { z } from 'zod';

const flag = (reading: boolean) => z.boolean().default(reading);
const figure = (reading: number) => z.number().nonnegative().default(reading);

/**
 * Where the documentation is silent or contradicts itself, every reading can be switched on. The default is the reading
 * that the documentation makes likelier. README.md explains each one.
 */
export const variantsSchema = z.strictObject({
  enforce409: flag(true),
  batch424: flag(true),
  /** Share of the parts of a $batch that take effect and have no answer in it. */
  batchPartsMissing: figure(0),
  expiryOverMaximum: z.enum(['reject', 'clamp']).default('reject'),
  patchIgnoresExpiry: flag(false),
  revalidateAtRenewal: flag(false),
  handshakeToken: z.enum(['plain', 'special']).default('plain'),
  /** concepts/change-notifications-delivery-webhooks.md: the endpoint has 10 seconds to answer. */
  handshakeTimeoutMs: figure(10_000),
  patchEndedTask: z.enum(['reject400', 'reject409', 'accept']).default('reject400'),
  abortedTask: z.enum(['releases', 'kills']).default('releases'),
  writeWithoutTask: z.literal([400, 403, 409]).default(400),
  redirectedJobState: z.enum(['canceled', 'completed', 'aborted']).default('canceled'),
  redirectFiresTrigger: flag(true),
  fetchableAfterAcquire: flag(false),
  /** Minutes for which an ended task is still listed. */
  endedTaskListedMinutes: figure(1440),
  pageSize: figure(50),
  resourceForm: z.enum(['plain', 'leadingSlash', 'keyForm']).default('plain'),
  parentUrlInNotification: flag(true),
  jobFetchableType: z.string().default('#microsoft.graph.todoTask'),
  validationTokens: z.enum(['none', 'v1', 'v2']).default('none'),
  /** `published`: the limits of concepts/throttling-limits.md, multiplied by throttlingScale. */
  throttling: z.enum(['published', 'off']).default('published'),
  throttlingScale: figure(1),
  /** Whether windows and Retry-After pass in real time or follow `Date`. */
  throttlingClock: z.enum(['real', 'date']).default('real'),
  adminConsent: z.enum(['grant', 'deny']).default('grant'),
  /** Seconds between two polls of a device code (identity-platform v2-oauth2-device-code: the sample answer). */
  deviceCodeIntervalSeconds: figure(5),
  /** Lifetime of the access token that a subscription holds; 0 = it never expires. */
  subscriptionTokenMinutes: figure(0),
  /** Notifications wait, at most 4 hours, while the token of their subscription has expired. */
  holdWithoutToken: flag(false),
  /** reauthorizationRequired when a subscription expires within so many minutes; 0 = never. */
  expiryNoticeMinutes: figure(0),
  /** Repeats the event after so many minutes without a renewal; 0 = sent once. */
  lifecycleRepeatMinutes: figure(0),
  /** Share of the subscriptions that disappears silently in an hour of `Date`. */
  subscriptionLossPerHour: figure(0),
  /**
   * Minutes from the creation of a job until it is forgotten, unless an open task blocks it; 0 = never. The default is
   * longer than any retention that a test uses, so that a sweep still finds jobs older than it.
   */
  jobKeptMinutes: figure(60 * 1440),
});

export type Variants = z.output<typeof variantsSchema>;
