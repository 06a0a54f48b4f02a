import { z } from 'zod';

const flag = (reading: boolean) => z.boolean().default(reading);
const figure = (reading: number) => z.number().nonnegative().default(reading);

/**
 * Where the documentation is silent or contradicts itself, every reading can be enabled. The default is the reading that
 * the documentation makes likelier.
 */
export const variantsSchema = z.strictObject({
  /** A second subscription of a resource and changeType is refused; users report that both exist and deliver. */
  enforce409: flag(true),
  /** A `$batch` with a throttled part has 424 (throttling.md), else 200 (json-batching.md). */
  batch424: flag(true),
  /** Share of the parts of a $batch that take effect and have no answer in it. */
  batchPartsMissing: figure(0),
  expiryOverMaximum: z.enum(['reject', 'clamp']).default('reject'),
  /** PATCH answers 200 with the old expiry (contrib issue 4751). */
  patchIgnoresExpiry: flag(false),
  /** Every PATCH needs a handshake, else only one that changes the URL. */
  revalidateAtRenewal: flag(false),
  /** `special`: characters that need decoding. */
  handshakeToken: z.enum(['plain', 'special']).default('plain'),
  /** concepts/change-notifications-delivery-webhooks.md: the endpoint has 10 seconds to answer. */
  handshakeTimeoutMs: figure(10_000),
  /**
   * The definitions that an app sees and changes: those that it created (api/print-list-taskdefinitions.md), or all of the
   * tenant (resources/printtaskdefinition.md: "a complete list of printTaskDefinitions created within Universal Print").
   */
  definitionScope: z.enum(['own', 'all']).default('own'),
  /** `accept`: 200, and nothing changes. */
  patchEndedTask: z.enum(['reject400', 'reject409', 'accept']).default('reject400'),
  /**
   * `rewritten`: the description of a task is Graph's own text whatever was sent, as in the answer of
   * api/printtaskdefinition-update-task.md.
   */
  taskDescription: z.enum(['kept', 'rewritten']).default('kept'),
  /**
   * The status of a PATCH, redirect or abort of a job that has no task in processing of the calling app. The pages say only
   * that such a call does not succeed (api/printjob-update.md, -redirect, -abort).
   */
  jobWriteWithoutTask: z.enum(['reject400', 'reject403', 'reject409']).default('reject400'),
  /**
   * PrintJob.Manage.All alone is enough to change, abort or redirect a job (permission metadata of Microsoft Graph), else a
   * role that reads printers is needed as well (api/printjob-update.md, api/printjob-abort.md).
   */
  manageAlone: flag(false),
  /**
   * Whether the abort of a job by an app ends its task as well. api/printjob-abort.md names the job only, and apps are responsible
   * for the states of their tasks unless the job was redirected (resources/printtaskstatus.md).
   */
  abortEndsTask: flag(false),
  /** The same for a job that its user cancels or an administrator aborts or deletes (api/printjob-cancel.md). */
  cancelEndsTask: flag(true),
  /** What the end state `aborted` of a task does with its job (resources/printtask.md names completion only). */
  abortedTask: z.enum(['releasesJob', 'abortsJob']).default('releasesJob'),
  /**
   * Milliseconds from a redirect until reads show its result: redirectedTo and the completed task. Writes see it at once, so
   * that a second redirect is refused (api/printjob-redirect.md does not say when).
   */
  redirectShownAfterMs: figure(0),
  /** `documented`: users may print as many jobs as universal-print/fundamentals/universal-print-limits says, and no more. */
  jobLimits: z.enum(['none', 'documented']).default('none'),
  /** Whether a paused job counts for the jobs to a printer at once (universal-print-limits: simultaneously submitted). */
  pausedJobsCount: flag(true),
  /** How long a download address lives is not documented; an hour is usual for such addresses of Graph. */
  downloadLifetimeMs: figure(60 * 60_000),
  /** How often a download address is good. */
  downloadUses: z.enum(['many', 'once']).default('many'),
  /** What reading a document answers while its job is paused: api/printdocument-get-file.md names no state of the job. */
  documentBeforeRelease: z.enum(['shown', 'forbidden', 'notFound', 'conflict']).default('shown'),
  /** Milliseconds that the registration of a printer takes (api/printer-create.md: long-running). */
  printerCreationMs: figure(1000),
  /** How the registration of a printer ends (resources/printoperationstatus.md). */
  printerCreation: z.enum(['succeeded', 'failed']).default('succeeded'),
  /** Milliseconds for which calls on a new definition, trigger or printer are refused. No page says how long that may last. */
  newObjectSettlesMs: figure(0),
  newObjectAnswer: z.enum(['notFound', 'forbidden']).default('notFound'),
  /**
   * Calls of signed-in users that pass in 10 s for each app and tenant; 0 = no limit. concepts/throttling-limits.md has no section
   * for Universal Print, and any service may answer 429 with Retry-After (concepts/throttling.md).
   */
  delegatedCallsIn10s: figure(0),
  /** isFetchable stays true once a printer has the job. */
  fetchableAfterAcquire: flag(false),
  /** Minutes for which an ended task is still listed. */
  endedTaskListedMinutes: figure(1440),
  pageSize: figure(50),
  /** `keyForm`: `printers('…')`. */
  resourceForm: z.enum(['plain', 'leadingSlash', 'keyForm']).default('plain'),
  parentUrlInNotification: flag(true),
  /**
   * What names a job that was printed to a share, in URLs and notifications. The form of parentUrl is shown by an example only
   * (resources/printtask.md), and jobs are documented below printers and shares (api/printjob-get.md).
   */
  sharedJobNamedBy: z.enum(['printer', 'share']).default('printer'),
  /** Adds the type of its parent to the URL of a job, as OData allows: `printers/{id}/microsoft.graph.printer/jobs/{id}`. */
  castSegments: flag(false),
  /** What a call on a job of a pull print printer answers: the pages of pullPrintPrinter name no such call. */
  pullPrintJobs: z.enum(['shown', 'forbidden', 'notFound', 'unknownPath']).default('shown'),
  /** The state of a job that was redirected (api/printjob-redirect.md does not name it). */
  redirectedJobState: z.enum(['canceled', 'completed', 'aborted']).default('canceled'),
  jobFetchableType: z.string().default('#microsoft.graph.todoTask'),
  validationTokens: z.enum(['none', 'v1', 'v2']).default('none'),
  /** Whether windows of throttling and Retry-After pass in real time or follow `Date`. */
  throttlingClock: z.enum(['real', 'date']).default('real'),
  /** Seconds between two polls of a device code (identity-platform v2-oauth2-device-code: the sample answer). */
  deviceCodeIntervalSeconds: figure(5),
  /**
   * What happens to device codes: `blocked` by Conditional Access of the customer (conditional-access
   * concept-authentication-flows), or `notAllowed` because the registration does not allow public client flows
   * (identity-platform scenario-desktop-app-registration). No page says at which step; here it is the redemption.
   */
  deviceCodeFlow: z.enum(['allowed', 'blocked', 'notAllowed']).default('allowed'),
  /** The registration has `http://localhost`, platform "Mobile and desktop applications" (the same page). */
  nativeRedirect: flag(true),
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
