import { ERRORS } from '../errors';
import type { LogFields, Logger } from '../logger';
import type { Measure, Measurement, METRICS, MetricName } from './catalogue';

/** Reads the value of a dimension from the fields of an event. It is one of a closed list, or `other`. */
type Word = (fields: LogFields) => string;
type Measured = (fields: LogFields) => Measurement[];
/** A word for each dimension of a metric. */
type By<Name extends MetricName> = Readonly<Record<(typeof METRICS)[Name]['dimensions'][number], Word>>;

/** The value of `field`, and `none` where it is absent. Dimensions stay bounded, whatever a later version logs. */
function word(field: string, words: readonly string[]): Word {
  return ({ [field]: value }) => {
    if (value === undefined) return 'none';
    return words.includes(String(value)) ? String(value) : 'other';
  };
}

function always(value: string): Word {
  return () => value;
}

/**
 * Measures `metric`: the number in the field `value`, or 1. Nothing without that number, and nothing where a counter gets 0.
 *
 * @param when only events with these fields
 */
function take<Name extends MetricName>(
  metric: Name,
  by: By<Name>,
  { value, zero = false, when = {} }: { value?: string; zero?: boolean; when?: LogFields } = {},
): Measured {
  return (fields) => {
    const number = value === undefined ? 1 : fields[value];
    if (typeof number !== 'number' || (number === 0 && !zero)) return [];
    if (Object.entries(when).some(([name, wanted]) => fields[name] !== wanted)) return [];
    const words = Object.entries<Word>(by).map(([dimension, read]) => [dimension, read(fields)] as const);
    return [{ metric, value: number, dimensions: Object.fromEntries(words) }];
  };
}

/** Where a histogram gets 0, it is a value like any other. */
const time = <Name extends MetricName>(metric: Name, by: By<Name>, value: string, when: LogFields = {}) =>
  take(metric, by, { value, zero: true, when });

const CODES = Object.keys(ERRORS);
/** An error without a code of ours is one that the code does not expect. */
const code: Word = (fields) => (CODES.includes(String(fields['code'])) ? String(fields['code']) : 'unexpected');
const kind = word('kind', ['jobStarted', 'jobFetchable', 'jobEnded']);
const queue = word('queue', ['print-notifications', 'subscription-events', 'print-archive', 'print-job-events']);
const route = word('route', ['receiveNotifications', 'receiveLifecycleEvents']);
const action = word('action', ['release', 'redirect', 'abort']);
const inactive = ['unknownTenant', 'pausedTenant', 'removedTenant', 'unknownWatch', 'removedWatch', 'staleGeneration'];
const poisonReason = word('reason', [
  ...['malformed', 'unknownResource', 'shareNotFound', 'tooManyAttempts', 'retriesEnded'],
  ...inactive,
  ...CODES,
]);
const notYet = [
  ...['taskNotFound', 'taskOfOtherId', 'taskWithoutJob', 'taskNotProcessing', 'jobNotFound', 'jobOfOtherId'],
  ...['jobOfOtherTask', 'jobNotFetchable', 'jobNotEnded', 'jobRedirected', 'redirectUnsettled', 'shareNotFound'],
];
const outcomes = [
  ...['released', 'redirected', 'aborted', 'held', 'deadline', 'unreadable', 'fetchable', 'archived'],
  ...['archiveFailed', 'printed', 'ended', 'completed', 'failed', 'canceled'],
];
const deciders = [
  ...['rules', 'wish', 'deadline', 'unreadable', 'rulesUnreadable', 'deleted', 'refusal', 'document', 'inactive'],
];
const functionNames = [
  ...['receiveNotifications', 'receiveLifecycleEvents', 'processNotification', 'processLifecycleEvent'],
  ...['renewSubscriptions', 'sweepJobs', 'recoverJobs', 'applyRetention', 'measureService', 'archiveDocument'],
  ...['deliverJobEvent', 'deliverWaitingEvents', 'consent', 'health', 'status', 'searchHeldJobs', 'releaseHeldJobs'],
  ...['showHeldJob', 'actOnHeldJob', 'searchHeldJobsOfDevice', 'releaseHeldJobsOfDevice', 'showHeldJobOfDevice'],
  'actOnHeldJobOfDevice',
];
const NOTIFICATION_REFUSALS = [
  ...['emptyBody', 'notJsonObject', 'noValue', 'tooLarge', 'notAnObject', 'noTenantId', 'clientStateMissing'],
  ...['clientStateMalformed', 'wrongMac', 'unknownKey', 'revoked', 'validationTokens'],
];

/** An item with a right mac proves that Graph sent the body. Anyone can send one without. */
const fromGraph = word('fromGraph', ['true', 'false']);

/** A field `refused.{reason}` for each reason, and whether Graph itself sent the body. */
const refusedNotifications: Measured = (fields) =>
  NOTIFICATION_REFUSALS.flatMap((reason) =>
    take('upr.notifications.refused', { reason: always(reason), fromGraph }, { value: `refused.${reason}` })(fields),
  );

const swept = (['missed', 'again', 'unnotified'] as const).map((found) =>
  take('upr.jobs.swept', { found: always(found) }, { value: found }),
);
const outcome = (name: string) => take('upr.subscriptions.outcomes', { outcome: always(name) });
const delivered = (name: string) => take('upr.events.delivered', { outcome: always(name) });
const poisoned = take('upr.jobs.poisoned', { reason: poisonReason });
const refusal = take('upr.jobs.refusals', { action, code });
const ended = {
  kind,
  outcome: word('jobOutcome', outcomes),
  decidedBy: word('decidedBy', deciders),
};

/**
 * What each log event measures. An event that is not listed measures nothing. Each occurrence is in one event alone: the
 * summary of a run is measured where its parts have no lines of their own, and not beside them.
 */
const MEASURED = new Map<string, readonly Measured[]>([
  [
    'notifications.received',
    [
      take('upr.notifications.accepted', { route }, { value: 'accepted' }),
      refusedNotifications,
      take('upr.notifications.unknownKey', { fromGraph }, { value: 'unknownKey' }),
      take('upr.notifications.notStored', {}, { value: 'notStored' }),
    ],
  ],

  [
    'job.claimed',
    [take('upr.jobs.claimed', { kind, foundBy: word('foundBy', ['graph', 'sweep', 'replay', 'operator']) })],
  ],
  [
    'job.processed',
    [
      // `eventRepeated` is left out: the run that has taken the row over ends the job. So are tasks that are ended once more.
      take('upr.jobs.done', ended, { when: { outcome: 'done' } }),
      take('upr.jobs.done', ended, { when: { outcome: 'releasedWithoutEvent' } }),
      take('upr.jobs.pastDeadline', {}, { when: { jobOutcome: 'deadline', wasHeld: false, outcome: 'done' } }),
      time('upr.jobs.lag', { kind }, 'msToClaim', { outcome: 'done' }),
      time('upr.jobs.time', { kind }, 'msSinceFirstSeen', { outcome: 'done', wasHeld: false }),
    ],
  ],
  [
    'job.held',
    [
      time('upr.jobs.lag', { kind }, 'msToClaim'),
      time('upr.jobs.time', { kind }, 'msSinceFirstSeen', { wasHeld: false }),
    ],
  ],
  ['job.duplicate', [take('upr.jobs.duplicates', { kind })]],
  [
    'job.deferred',
    [take('upr.jobs.deferred', { cause: word('cause', ['busy', 'places', 'throttled', ...notYet, ...CODES]) })],
  ],
  ['job.dropped', [take('upr.jobs.dropped', { reason: word('reason', inactive) })]],
  ['job.failed', [take('upr.jobs.failed', { code })]],
  ['job.gone', [take('upr.jobs.gone', { cause: word('cause', notYet) })]],
  ['job.poisoned', [poisoned]],
  ['archive.poisoned', [poisoned]],
  ['subscriptionEvent.poisoned', [poisoned]],
  ['subscriptionEvent.malformed', [take('upr.jobs.poisoned', { reason: always('malformed') })]],
  ['job.wishRefused', [refusal]],
  ['job.decisionRefused', [refusal]],
  ['job.releaseRefused', [refusal]],
  ['job.taskStaysOpen', [take('upr.jobs.tasksLeftOpen', {})]],

  ['sweep.jobsQueued', swept],
  [
    'jobs.recovered',
    (['claims', 'tasks'] as const).map((found) =>
      take('upr.jobs.recovered', { found: always(found) }, { value: found }),
    ),
  ],
  ['sweep.triggerLost', [take('upr.triggers.lost', {})]],

  ['subscription.created', [outcome('created')]],
  ['subscription.renewed', [outcome('renewed')]],
  ['subscriptions.renewed', [take('upr.subscriptions.outcomes', { outcome: always('renewed') }, { value: 'watches' })]],
  ['subscription.replaced', [outcome('replaced')]],
  ['subscription.removed', [outcome('removed')]],
  ['subscription.failed', [outcome('failed'), take('upr.subscriptions.failures', { code })]],
  ['subscription.error', [take('upr.subscriptions.failures', { code })]],

  ['archive.stored', [take('upr.archive.bytes', {}, { value: 'bytes' })]],
  ['archive.failed', [take('upr.archive.failures', { code })]],
  ['event.delivered', [delivered('delivered')]],
  ['event.postponed', [delivered('postponed')]],
  ['event.dead', [delivered('dead')]],
  [
    'device.refused',
    [take('upr.devices.refused', { reason: word('reason', ['unsigned', 'unknown', 'revoked', 'expired']) })],
  ],
  ['message.held', [take('upr.messages.held', { queue, cause: word('cause', ['unknownKey', 'configInvalid']) })]],
  [
    'message.refused',
    [take('upr.messages.refused', { queue, reason: word('reason', ['unsigned', 'wrongMac', 'unknownKey']) })],
  ],

  [
    'function.failed',
    [
      take('upr.functions.failed', { function: word('function', functionNames), code }),
      take('upr.settings.invalid', {}, { when: { code: 'configInvalid' } }),
    ],
  ],
  ['settings.invalid', [take('upr.settings.invalid', {})]],
  ['service.measured', [take('upr.measurements', {}, { when: { failed: 0 } })]],
]);

/** The log events that measure something. */
export const MEASURED_EVENTS: readonly string[] = [...MEASURED.keys()];

/** What one log event measures. Pure: the same event measures the same. */
export function measurementsOf(event: string, fields: LogFields): Measurement[] {
  return (MEASURED.get(event) ?? []).flatMap((measured) => measured(fields));
}

/** The same lines as `lines` writes. After each of them it hands over what the line measures. Throws only where `lines` does. */
export function meterLogger(lines: Logger, measure: Measure): Logger {
  const metered = (level: keyof Logger) => (event: string, fields?: LogFields) => {
    lines[level](event, fields);
    for (const measurement of measurementsOf(event, fields ?? {})) measure(measurement);
  };
  return { info: metered('info'), warn: metered('warn'), error: metered('error') };
}
