import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluateKql } from '../support/kql/evaluateKql';
import { readAlerts } from './alertFiles';

const NOW = Date.parse('2026-11-29T12:00:00Z');

/** A row of AppMetrics: a metric, its value, its dimensions, how many minutes ago, and how many values a histogram has. */
type Measured = [
  name: string,
  sum: number,
  dimensions?: Readonly<Record<string, string>>,
  minutesAgo?: number,
  count?: number,
];

/** By the name of the alert: rows at which it fires, and rows just below its threshold. */
const EXAMPLES: Readonly<Record<string, { fires: Measured[]; quiet: Measured[] }>> = {
  noData: {
    fires: [['upr.queues.depth', 0, { queue: 'print-archive' }]],
    quiet: [
      ['upr.measurements', 1],
      ['upr.queues.depth', 0, { queue: 'print-archive' }],
    ],
  },
  settingsInvalid: { fires: [['upr.settings.invalid', 1]], quiet: [] },
  tasksLeftOpen: { fires: [['upr.jobs.tasksLeftOpen', 1]], quiet: [] },
  jobsPastDeadline: { fires: [['upr.jobs.pastDeadline', 1]], quiet: [] },
  jobsUnreadable: {
    fires: [['upr.jobs.done', 3, { outcome: 'unreadable' }]],
    quiet: [
      ['upr.jobs.done', 2, { outcome: 'unreadable' }],
      ['upr.jobs.done', 100, { outcome: 'released' }],
    ],
  },
  jobsGone: {
    fires: [
      ['upr.jobs.gone', 5],
      ['upr.jobs.claimed', 100],
    ],
    quiet: [
      ['upr.jobs.gone', 4],
      ['upr.jobs.claimed', 100],
    ],
  },
  heldOverdue: { fires: [['upr.held.overdue', 11]], quiet: [['upr.held.overdue', 10]] },
  queueStuck: {
    fires: [['upr.queues.age', 16, { queue: 'print-notifications' }]],
    // The latest value counts, and each queue by itself.
    quiet: [
      ['upr.queues.age', 40, { queue: 'print-notifications' }, 6],
      ['upr.queues.age', 15, { queue: 'print-notifications' }, 1],
      // The vendor's backend reads it, and may do so once an hour.
      ['upr.queues.age', 90, { queue: 'print-job-events' }, 1],
    ],
  },
  jobsLate: {
    fires: [['upr.jobs.lag', 5 * 301_000, { kind: 'jobStarted' }, 1, 5]],
    quiet: [['upr.jobs.lag', 5 * 300_000, { kind: 'jobStarted' }, 1, 5]],
  },
  notificationsLost: {
    fires: [
      ['upr.jobs.swept', 3, { found: 'missed' }],
      ['upr.jobs.claimed', 150],
    ],
    quiet: [
      ['upr.jobs.swept', 2, { found: 'missed' }],
      ['upr.jobs.swept', 50, { found: 'again' }],
      ['upr.jobs.claimed', 20],
    ],
  },
  subscriptionsMissing: { fires: [['upr.subscriptions.missing', 1]], quiet: [['upr.subscriptions.missing', 0]] },
  subscriptionsExpiring: {
    fires: [['upr.subscriptions.nearestExpiry', 24 * 60 - 1]],
    quiet: [['upr.subscriptions.nearestExpiry', 24 * 60]],
  },
  renewalNotRunning: {
    fires: [['upr.subscriptions.renewalAge', 121]],
    quiet: [['upr.subscriptions.renewalAge', 120]],
  },
  sweepNotRunning: { fires: [['upr.sweeps.age', 61]], quiet: [['upr.sweeps.age', 60]] },
  acknowledgementsSlow: {
    fires: [
      ['upr.notifications.time', 9_000, { fromGraph: 'true' }, 1, 100],
      // Anyone can cause these: they must not hide the slow ones.
      ['upr.notifications.time', 9_000, { fromGraph: 'false' }, 1, 5_000],
      ['upr.notifications.time', 9_000, { fromGraph: 'unknown' }, 1, 5_000],
      ['upr.notifications.slow', 2, { limit: '2.9s', fromGraph: 'true' }],
      // The body was not read in time, so it may be of Graph.
      ['upr.notifications.slow', 1, { limit: '2.9s', fromGraph: 'unknown' }],
    ],
    quiet: [
      ['upr.notifications.time', 9_000, { fromGraph: 'true' }, 1, 101],
      ['upr.notifications.slow', 3, { limit: '2.9s', fromGraph: 'true' }],
      ['upr.notifications.slow', 50, { limit: '2.9s', fromGraph: 'false' }],
      ['upr.notifications.slow', 50, { limit: '1s', fromGraph: 'true' }],
    ],
  },
  acknowledgementsDropped: {
    fires: [
      ['upr.notifications.time', 9_000, { fromGraph: 'true' }, 1, 10],
      ['upr.notifications.time', 9_000, { fromGraph: 'false' }, 1, 5_000],
      ['upr.notifications.slow', 2, { limit: '10s', fromGraph: 'true' }],
    ],
    // A single one is the start of an instance.
    quiet: [
      ['upr.notifications.time', 9_000, { fromGraph: 'true' }, 1, 10],
      ['upr.notifications.slow', 1, { limit: '10s', fromGraph: 'true' }],
      ['upr.notifications.slow', 50, { limit: '10s', fromGraph: 'false' }],
      ['upr.notifications.slow', 5, { limit: '2.9s', fromGraph: 'true' }],
    ],
  },
  notificationsRefused: {
    fires: [['upr.notifications.refused', 1, { reason: 'wrongMac', fromGraph: 'true' }]],
    quiet: [['upr.notifications.refused', 500, { reason: 'wrongMac', fromGraph: 'false' }]],
  },
  unknownKey: {
    fires: [['upr.subscriptions.wrongKeys', 1]],
    // Anyone can name a key that left the ring.
    quiet: [
      ['upr.subscriptions.wrongKeys', 0],
      ['upr.notifications.unknownKey', 64, { fromGraph: 'false' }],
    ],
  },
  messagesHeld: {
    fires: [['upr.messages.held', 1, { queue: 'print-archive', cause: 'unknownKey' }]],
    // The alert on wrong settings covers these.
    quiet: [['upr.messages.held', 500, { queue: 'print-archive', cause: 'configInvalid' }]],
  },
  notificationsNotStored: {
    fires: [['upr.notifications.notStored', 3]],
    quiet: [['upr.notifications.notStored', 2]],
  },
  poison: {
    fires: [['upr.poison.depth', 1, { queue: 'print-archive' }]],
    quiet: [['upr.poison.depth', 0, { queue: 'print-archive' }]],
  },
  poisonOld: {
    fires: [['upr.poison.age', 1_441, { queue: 'print-archive' }]],
    quiet: [['upr.poison.age', 1_440, { queue: 'print-archive' }]],
  },
  throttling: {
    fires: [
      ['upr.graph.throttled', 7, { status: '429' }, 1],
      ['upr.graph.throttled', 7, { status: '503' }, 6],
      ['upr.graph.throttled', 7, { status: '429' }, 11],
    ],
    quiet: [
      ['upr.graph.throttled', 500, { status: '429' }, 1],
      ['upr.graph.throttled', 500, { status: '429' }, 6],
    ],
  },
  consentWithdrawn: { fires: [['upr.tenants.refusing', 1]], quiet: [['upr.tenants.refusing', 0]] },
  triggersLost: { fires: [['upr.triggers.lost', 1]], quiet: [] },
  actionsRefused: {
    fires: [['upr.jobs.refusals', 3, { action: 'redirect', code: 'graphForbidden' }]],
    quiet: [
      ['upr.jobs.refusals', 2, { action: 'redirect', code: 'graphForbidden' }],
      ['upr.jobs.refusals', 2, { action: 'abort', code: 'graphForbidden' }],
    ],
  },
  rulesInvalid: {
    fires: [['upr.rules.unreadable', 1, { problem: 'outage' }]],
    quiet: [['upr.rules.unreadable', 0, { problem: 'outage' }]],
  },
  watchSilent: { fires: [['upr.watches.silent', 30, { tenantId: 't', watch: 'w' }]], quiet: [] },
  watchNeverSawJob: { fires: [['upr.watches.neverSawJob', 8, { tenantId: 't', watch: 'w' }]], quiet: [] },
  printerNearLimit: {
    fires: [['upr.printers.jobs', 80, { tenantId: 't', printerId: 'p' }]],
    quiet: [
      ['upr.printers.jobs', 79, { tenantId: 't', printerId: 'p' }],
      ['upr.printers.jobs', 79, { tenantId: 't', printerId: 'q' }],
    ],
  },
  printerHeldJobs: {
    fires: [['upr.held.byPrinter', 40, { tenantId: 't', printerId: 'p' }]],
    quiet: [['upr.held.byPrinter', 39, { tenantId: 't', printerId: 'p' }]],
  },
  archiveFailures: { fires: [['upr.archive.failures', 1, { code: 'graphForbidden' }]], quiet: [] },
  eventsDead: {
    fires: [['upr.queues.depth', 1, { queue: 'print-job-events-dead' }]],
    quiet: [
      ['upr.queues.depth', 0, { queue: 'print-job-events-dead' }],
      ['upr.queues.depth', 100, { queue: 'print-job-events' }],
    ],
  },
  eventsPostponed: {
    fires: [['upr.events.delivered', 3, { outcome: 'postponed' }]],
    quiet: [
      ['upr.events.delivered', 3, { outcome: 'postponed' }],
      ['upr.events.delivered', 1, { outcome: 'delivered' }],
    ],
  },
  messagesRefused: {
    fires: [['upr.messages.refused', 1, { queue: 'print-archive', reason: 'wrongMac' }]],
    quiet: [],
  },
  functionsFailed: {
    fires: [['upr.functions.failed', 5, { function: 'sweepJobs', code: 'storageUnavailable' }]],
    quiet: [['upr.functions.failed', 4, { function: 'sweepJobs', code: 'storageUnavailable' }]],
  },
};

/** How many rows an alert has over rows of the table. */
function rowsOf(query: string, measured: readonly Measured[]): number {
  const rows = measured.map(([Name, Sum, Properties = {}, minutesAgo = 1, ItemCount = 1]) => {
    return { TimeGenerated: new Date(NOW - minutesAgo * 60_000), Name, Sum, ItemCount, Min: Sum, Max: Sum, Properties };
  });
  return evaluateKql(query, { tables: { AppMetrics: rows }, now: NOW }).length;
}

describe('the thresholds of the alerts', () => {
  const alerts = readAlerts();

  it('are tried for each alert', () => {
    expect(Object.keys(EXAMPLES)).toEqual(alerts.map(({ name }) => name));
  });

  it.each(alerts.map(({ name, query }) => [name, query]))('%s fires at its threshold and not below', (name, query) => {
    expect(rowsOf(query, EXAMPLES[name]?.fires ?? [])).toBe(1);
    expect(rowsOf(query, EXAMPLES[name]?.quiet ?? [])).toBe(0);
  });

  it('leave an empty table to noData alone', () => {
    expect(alerts.filter(({ query }) => rowsOf(query, []) > 0).map(({ name }) => name)).toEqual(['noData']);
  });

  it('let one failure of the daily retention fire', () => {
    const query = alerts.find(({ name }) => name === 'functionsFailed')?.query ?? '';
    expect(
      rowsOf(query, [['upr.functions.failed', 1, { function: 'applyRetention', code: 'storageUnavailable' }]]),
    ).toBe(1);
  });
});

it('the flows drive the built app into the situation of every alert', () => {
  const folder = join(__dirname, '..', 'flows');
  const flows = readdirSync(folder).filter((file) => file.startsWith('alerts'));
  const text = flows.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  expect(readAlerts().flatMap(({ name }) => (text.includes(`'${name}'`) ? [] : [name]))).toEqual([]);
});
