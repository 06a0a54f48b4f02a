/** What is measured. The name is its key in METRICS, and `Name` in the table AppMetrics. */
interface MetricInfo {
  /** `counter`: its values are summed. `histogram`: count, sum, least and greatest. `gauge`: the last value of each interval. */
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** In UCUM notation, as OpenTelemetry writes units. */
  readonly unit: string;
  /** Each has a short list of values, or is written for at most 20 of its values at a time. */
  readonly dimensions: readonly string[];
  readonly description: string;
}

/** Every metric of the app. Alerts, workbook and docs name these alone. */
export const METRICS = {
  'upr.notifications.accepted': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['route'],
    description: 'Notifications whose message is stored.',
  },
  'upr.notifications.refused': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['reason', 'fromGraph'],
    description:
      'Notifications and bodies that were refused. fromGraph is true where another item proves that the body comes from Graph.',
  },
  'upr.notifications.unknownKey': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: [],
    description: 'Notifications signed with a key that a row names and CLIENT_STATE_KEYS lacks.',
  },
  'upr.notifications.notStored': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: [],
    description: 'Authentic notifications that could not be stored in time. Graph delivers them again.',
  },
  'upr.notifications.time': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['route', 'status'],
    description: 'Time from the start of the function to its answer.',
  },
  'upr.notifications.slow': {
    kind: 'counter',
    unit: '{answer}',
    dimensions: ['limit'],
    description: 'Answers that took longer than 1s, 2.9s or 10s. An answer is counted for each limit that it exceeds.',
  },
  'upr.jobs.claimed': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['kind', 'foundBy'],
    description: 'Job events whose ledger row was claimed for the first time.',
  },
  'upr.jobs.lag': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['kind'],
    description: 'Time from the creation of a started or fetchable job at Graph to the first claim.',
  },
  'upr.jobs.done': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['kind', 'outcome', 'decidedBy'],
    description: 'Job events that ended, with the outcome of the event and what decided it.',
  },
  'upr.jobs.time': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['kind'],
    description: 'Time from the first claim of a job event to its end, or to the begin of its hold.',
  },
  'upr.jobs.duplicates': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['kind'],
    description: 'Messages of job events that are done already.',
  },
  'upr.jobs.deferred': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['cause'],
    description: 'Messages that were requeued to wait.',
  },
  'upr.jobs.dropped': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['reason'],
    description: 'Messages that were ended without an event, because their watch or customer is not active.',
  },
  'upr.jobs.failed': {
    kind: 'counter',
    unit: '{run}',
    dimensions: ['code'],
    description: 'Runs of a job event that ended with an error.',
  },
  'upr.jobs.gone': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['cause'],
    description: 'Job events given up because Graph did not show the job for ten minutes.',
  },
  'upr.jobs.poisoned': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['reason'],
    description: 'Messages that were moved to the poison queue.',
  },
  'upr.jobs.refusals': {
    kind: 'counter',
    unit: '{action}',
    dimensions: ['action', 'code'],
    description: 'Actions on jobs that Graph refused.',
  },
  'upr.jobs.tasksLeftOpen': {
    kind: 'counter',
    unit: '{task}',
    dimensions: [],
    description: 'Tasks that Graph did not end although it was asked to.',
  },
  'upr.jobs.pastDeadline': {
    kind: 'counter',
    unit: '{task}',
    dimensions: [],
    description: 'Tasks that were still open at their deadline, and were ended by onFailure.',
  },
  'upr.jobs.swept': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['found'],
    description:
      'Jobs that a sweep queued. missed: it had no row, so its notification was lost or is late. again: its row was not done. unnotified: Graph sends no notification of it.',
  },
  'upr.jobs.recovered': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['found'],
    description: 'Jobs of a process that was killed (claims), and open tasks without a row (tasks).',
  },
  'upr.rules.unreadable': {
    kind: 'gauge',
    unit: '{document}',
    dimensions: ['problem'],
    description: 'Rules documents in force that are invalid, or that storage does not deliver (outage).',
  },
  'upr.triggers.lost': {
    kind: 'counter',
    unit: '{printer}',
    dimensions: [],
    description: 'Printers whose new jobs carry no task of the app although they had a trigger.',
  },
  'upr.subscriptions.outcomes': {
    kind: 'counter',
    unit: '{subscription}',
    dimensions: ['outcome'],
    description: 'What was done with subscriptions at Graph.',
  },
  'upr.subscriptions.failures': {
    kind: 'counter',
    unit: '{subscription}',
    dimensions: ['code'],
    description: 'Attempts to create, renew or remove a subscription that failed.',
  },
  'upr.subscriptions.missing': {
    kind: 'gauge',
    unit: '{watch}',
    dimensions: [],
    description: 'Watches of active customers without a live subscription for 30 minutes.',
  },
  'upr.subscriptions.nearestExpiry': {
    kind: 'gauge',
    unit: 'min',
    dimensions: [],
    description: 'Time until the first live subscription expires. Written only while there is one.',
  },
  'upr.subscriptions.renewalAge': {
    kind: 'gauge',
    unit: 'min',
    dimensions: [],
    description: 'Time since the renewal that lies furthest back. Written only while a subscription is live.',
  },
  'upr.sweeps.age': {
    kind: 'gauge',
    unit: 'min',
    dimensions: [],
    description: 'Time since the complete sweep of the active customer whose sweep lies furthest back.',
  },
  'upr.graph.throttled': {
    kind: 'counter',
    unit: '{answer}',
    dimensions: ['status'],
    description: 'Answers of Graph that ask to wait: 429, 503 and 509.',
  },
  'upr.graph.failures': {
    kind: 'counter',
    unit: '{call}',
    dimensions: ['code'],
    description: 'Calls of Graph that ended with an error.',
  },
  'upr.tenants.refusing': {
    kind: 'gauge',
    unit: '{customer}',
    dimensions: [],
    description: 'Active customers whose tenant refuses the app.',
  },
  'upr.tenants.attention': {
    kind: 'gauge',
    unit: '1',
    dimensions: ['tenantId', 'reason'],
    description: 'Customers with a reason for attention, the first 20.',
  },
  'upr.queues.depth': {
    kind: 'gauge',
    unit: '{message}',
    dimensions: ['queue'],
    description: 'Messages of a queue, hidden ones included.',
  },
  'upr.queues.age': {
    kind: 'gauge',
    unit: 'min',
    dimensions: ['queue'],
    description: 'Age of the oldest visible message. 0 for none.',
  },
  'upr.poison.depth': {
    kind: 'gauge',
    unit: '{message}',
    dimensions: ['queue'],
    description: 'Messages of the poison queue of a queue.',
  },
  'upr.poison.age': {
    kind: 'gauge',
    unit: 'min',
    dimensions: ['queue'],
    description: 'Age of the oldest poison message. 0 for none.',
  },
  'upr.held.jobs': {
    kind: 'gauge',
    unit: '{job}',
    dimensions: [],
    description: 'Held jobs of all customers.',
  },
  'upr.held.age': {
    kind: 'gauge',
    unit: 'min',
    dimensions: [],
    description: 'Time since the hold that began first. 0 for none.',
  },
  'upr.held.overdue': {
    kind: 'gauge',
    unit: 'min',
    dimensions: [],
    description: 'Time since the end of the hold that should have ended first. 0 for none.',
  },
  'upr.held.byPrinter': {
    kind: 'gauge',
    unit: '{job}',
    dimensions: ['tenantId', 'printerId'],
    description: 'Held jobs of a printer: of the 20 printers with the most.',
  },
  'upr.printers.jobs': {
    kind: 'gauge',
    unit: '{job}',
    dimensions: ['tenantId', 'printerId'],
    description: 'Jobs of a printer in the last ten minutes: of the 20 printers with the most.',
  },
  'upr.watches.silent': {
    kind: 'gauge',
    unit: 'h',
    dimensions: ['tenantId', 'watch'],
    description: 'Silence of watches that are silent against their own past: of the first 20.',
  },
  'upr.watches.neverSawJob': {
    kind: 'gauge',
    unit: 'd',
    dimensions: ['tenantId', 'watch'],
    description: 'Age of watches that are older than seven days and never saw a job: of the first 20.',
  },
  'upr.archive.bytes': {
    kind: 'counter',
    unit: 'By',
    dimensions: [],
    description: 'Bytes of documents stored.',
  },
  'upr.archive.failures': {
    kind: 'counter',
    unit: '{run}',
    dimensions: ['code'],
    description: 'Runs of an archive that ended with an error.',
  },
  'upr.events.delivered': {
    kind: 'counter',
    unit: '{event}',
    dimensions: ['outcome'],
    description:
      'Events that the sink accepted (delivered), has to be offered again (postponed), or never accepted (dead).',
  },
  'upr.devices.refused': {
    kind: 'counter',
    unit: '{request}',
    dimensions: ['reason'],
    description: 'Requests of devices that were refused.',
  },
  'upr.messages.refused': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['queue', 'reason'],
    description: 'Messages whose mac is missing or wrong: something else than the app writes to its queues.',
  },
  'upr.functions.failed': {
    kind: 'counter',
    unit: '{run}',
    dimensions: ['function', 'code'],
    description: 'Runs of functions that ended with an error.',
  },
  'upr.settings.invalid': {
    kind: 'counter',
    unit: '{run}',
    dimensions: [],
    description: 'Runs that could not work because settings are wrong.',
  },
  'upr.measurements': {
    kind: 'counter',
    unit: '{run}',
    dimensions: [],
    description:
      'Complete runs of the timer that measures the service. Without them the app does not run, or cannot read its storage.',
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;

export type MetricName = keyof typeof METRICS;

/** One value of a metric. */
export interface Measurement {
  readonly metric: MetricName;
  readonly value: number;
  /** A value for each dimension of the metric. */
  readonly dimensions?: Readonly<Record<string, string>>;
}

/** Takes a value. It returns at once and never throws. */
export type Measure = (measurement: Measurement) => void;

/** For what runs outside the app, such as the command line: what it does is no part of the service. */
export const notMeasured: Measure = () => undefined;
