import type { MetricInfo } from './metricInfo';

/** The metrics of what the app keeps up, and of what waits. */
export const SERVICE_METRICS = {
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
  'upr.subscriptions.wrongKeys': {
    kind: 'gauge',
    unit: '{watch}',
    dimensions: [],
    description: 'Watches with a live subscription that the keys of CLIENT_STATE_KEYS cannot verify.',
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
  'upr.messages.held': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['queue', 'cause'],
    description:
      'Messages that were sent to a waiting queue because their key is missing or settings are wrong: again every ten minutes at most.',
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
