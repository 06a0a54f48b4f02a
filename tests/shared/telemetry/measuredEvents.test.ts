import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '../../../shared/errors';
import { OUTCOMES } from '../../../shared/jobs/ledgerRow';
import { FOUND_BY } from '../../../shared/jobs/message';
import type { LogFields } from '../../../shared/logger';
import { METRICS, type Measurement } from '../../../shared/telemetry/catalogue';
import { MEASURED_EVENTS, measurementsOf, meterLogger } from '../../../shared/telemetry/measuredEvents';
import { createCapturedLogger } from '../../support/createCapturedLogger';

const ROOT = join(__dirname, '../../..');

function sourceOf(folder: string): string {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('measuredEvents.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('\n');
}
const SOURCE = sourceOf('shared') + sourceOf('functions');
const OUTCOMES_LOGGED = /logger\.info\(`subscription\.\$\{outcome\}`/.test(SOURCE)
  ? ['created', 'renewed', 'replaced', 'removed']
  : [];
const LOGGED = [
  ...[...SOURCE.matchAll(/logger(?:\.(?:info|warn|error)|\[level\])\('([^']+)'/g)].map(([, event]) => event),
  ...OUTCOMES_LOGGED.map((outcome) => `subscription.${outcome}`),
];

/** The fields that the code gives an event, with one value each. */
const FIELDS: Record<string, LogFields> = {
  'notifications.received': {
    ...{
      route: 'receiveNotifications',
      accepted: 3,
      unknownKey: 1,
      'refused.wrongMac': 2,
      notStored: 1,
      fromGraph: true,
    },
  },
  'job.claimed': { kind: 'jobStarted', foundBy: 'graph' },
  'job.processed': {
    ...{ kind: 'jobStarted', outcome: 'done', jobOutcome: 'deadline', decidedBy: 'deadline', wasHeld: false },
    ...{ msSinceFirstSeen: 100, msToClaim: 50 },
  },
  'job.held': { kind: 'jobStarted', wasHeld: false, msSinceFirstSeen: 100, msToClaim: 50 },
  'job.duplicate': { kind: 'jobStarted' },
  'job.deferred': { cause: 'busy' },
  'job.dropped': { reason: 'unknownTenant' },
  'job.gone': { cause: 'jobNotFound' },
  'job.poisoned': { reason: 'tooManyAttempts' },
  'archive.poisoned': { reason: 'malformed' },
  'subscriptionEvent.poisoned': { reason: 'tooManyAttempts' },
  'job.wishRefused': { action: 'redirect', code: 'graphForbidden' },
  'job.decisionRefused': { action: 'abort', code: 'graphConflict' },
  'job.releaseRefused': { action: 'release', code: 'graphNotFound' },
  'sweep.jobsQueued': { missed: 1, again: 2, unnotified: 3 },
  'jobs.recovered': { claims: 1, tasks: 2, due: 3 },
  'subscriptions.renewed': { watches: 20 },
  'archive.stored': { bytes: 1_000 },
  'device.refused': { reason: 'expired' },
  'message.held': { queue: 'print-notifications', cause: 'unknownKey' },
  'message.refused': { queue: 'print-archive', reason: 'unsigned' },
  'function.failed': { function: 'sweepJobs', code: 'configInvalid' },
  'service.measured': { failed: 0 },
};
const measured = (event: string) => measurementsOf(event, { code: 'graphUnavailable', ...FIELDS[event] });
const valuesOf = (measurements: readonly Measurement[]) =>
  measurements.map(({ metric, value, dimensions = {} }) => [metric, value, ...Object.values(dimensions)]);

/** Metrics that no log event measures: see shared/graph/, functions/answerWebhook.ts and shared/measurements/. */
const MEASURED_ELSEWHERE = [
  'upr.notifications.time',
  'upr.notifications.slow',
  'upr.graph.throttled',
  'upr.graph.failures',
];

describe('the table of events is complete', () => {
  it.each(MEASURED_EVENTS)('%s is an event that the app logs', (event) => {
    expect(LOGGED).toContain(event);
  });

  it('covers every counter and every histogram of the catalogue', () => {
    const covered = new Set<string>(MEASURED_EVENTS.flatMap((event) => measured(event).map(({ metric }) => metric)));
    const named = Object.entries(METRICS).flatMap(([name, { kind }]) => (kind === 'gauge' ? [] : [name]));
    expect([...covered, ...MEASURED_ELSEWHERE].sort()).toEqual(named.sort());
  });

  it.each(MEASURED_EVENTS)('%s measures with exactly the dimensions of the catalogue', (event) => {
    const measurements = measured(event);
    expect(measurements).not.toEqual([]);
    for (const { metric, value, dimensions = {} } of measurements) {
      expect(Object.keys(dimensions).sort()).toEqual([...METRICS[metric].dimensions].sort());
      expect(value).toBeGreaterThanOrEqual(0);
      expect(Object.values(dimensions)).not.toContain('none');
      expect(Object.values(dimensions)).not.toContain('other');
    }
  });

  it('reads fields that the code logs', () => {
    const fields = new Set(Object.values(FIELDS).flatMap((one) => Object.keys(one)));
    for (const field of fields) {
      expect(SOURCE).toMatch(field.startsWith('refused.') ? /`refused\.\$\{reason\}`/ : new RegExp(`\\b${field}\\b`));
    }
  });
});

describe('dimensions stay bounded', () => {
  it('whatever the fields of an event are', () => {
    const wild = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(undefined));
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...MEASURED_EVENTS),
        fc.array(wild, { minLength: 12, maxLength: 12 }),
        (event, values) => {
          const names = Object.keys(FIELDS[event] ?? {});
          const fields = Object.fromEntries(names.map((name, index) => [name, values[index]] as const));
          for (const { dimensions = {} } of measurementsOf(event, fields)) {
            for (const value of Object.values(dimensions)) seen.add(value);
          }
        },
      ),
      { numRuns: 2_000 },
    );
    expect(seen.size).toBeLessThan(100);
    expect(Math.max(...[...seen].map((value) => value.length))).toBeLessThan(40);
  });

  it.each([
    ['job.processed', 'jobOutcome', OUTCOMES],
    ['job.claimed', 'foundBy', FOUND_BY],
    ['job.failed', 'code', Object.keys(ERRORS)],
    ['job.deferred', 'cause', Object.keys(ERRORS)],
  ])('%s keeps each known value of %s', (event, field, values) => {
    for (const value of values) {
      const [first] = measurementsOf(event, { ...FIELDS[event], [field]: value });
      expect(Object.values(first?.dimensions ?? {})).toContain(value);
    }
  });

  it('an error without a code of the app is unexpected, and an unknown word is other', () => {
    expect(valuesOf(measurementsOf('job.failed', { error: 'TypeError' }))).toEqual([
      ['upr.jobs.failed', 1, 'unexpected'],
    ]);
    expect(valuesOf(measurementsOf('job.failed', { code: 'ECONNRESET' }))).toEqual([
      ['upr.jobs.failed', 1, 'unexpected'],
    ]);
    expect(valuesOf(measurementsOf('job.dropped', { reason: 'x' }))).toEqual([['upr.jobs.dropped', 1, 'other']]);
  });
});

describe('nothing is counted twice, or without a cause', () => {
  it('an event that is not listed, or has another name, measures nothing', () => {
    for (const event of ['app.started', 'constructor', '__proto__', '']) expect(measurementsOf(event, {})).toEqual([]);
  });

  it('a batch without refused notifications counts what was accepted alone', () => {
    const fields = { route: 'receiveLifecycleEvents', accepted: 2, unknownKey: 0, refused: 0, fromGraph: true };
    expect(valuesOf(measurementsOf('notifications.received', fields))).toEqual([
      ['upr.notifications.accepted', 2, 'receiveLifecycleEvents'],
    ]);
  });

  it('an unknown key says whether the body is known to come from Graph', () => {
    const fields = { route: 'receiveNotifications', accepted: 0, unknownKey: 5, fromGraph: false };
    expect(valuesOf(measurementsOf('notifications.received', fields))).toEqual([
      ['upr.notifications.unknownKey', 5, 'false'],
    ]);
  });

  it('a job whose row another run has taken over is left to that run', () => {
    const fields = { ...FIELDS['job.processed'], outcome: 'eventRepeated' };
    expect(measurementsOf('job.processed', fields)).toEqual([]);
  });

  it('a task that is ended once more is no second job', () => {
    for (const outcome of ['endedAgain', 'taskStaysOpen']) {
      expect(measurementsOf('job.processed', { ...FIELDS['job.processed'], outcome })).toEqual([]);
    }
  });

  it('the end of a hold is no task past its deadline, and its time does not count', () => {
    const fields = { ...FIELDS['job.processed'], wasHeld: true, msToClaim: undefined };
    expect(measurementsOf('job.processed', fields).map(({ metric }) => metric)).toEqual(['upr.jobs.done']);
  });

  it('a run of the timer that left a part out is not complete', () => {
    expect(measurementsOf('service.measured', { parts: 12, failed: 1 })).toEqual([]);
  });
});

it('writes the line first, then measures what it says', () => {
  const logger = createCapturedLogger();
  const order: string[] = [];
  const keep = (level: 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) => {
    order.push('line');
    logger[level](event, fields);
  };
  const metered = meterLogger({ info: keep('info'), warn: keep('warn'), error: keep('error') }, ({ metric }) => {
    order.push(metric);
  });
  metered.info('app.started');
  metered.warn('job.dropped', { reason: 'pausedTenant' });
  metered.error('job.failed', { code: 'graphForbidden' });
  expect(order).toEqual(['line', 'line', 'upr.jobs.dropped', 'line', 'upr.jobs.failed']);
  expect(logger.events).toEqual([
    { level: 'info', event: 'app.started' },
    { level: 'warn', event: 'job.dropped', reason: 'pausedTenant' },
    { level: 'error', event: 'job.failed', code: 'graphForbidden' },
  ]);
});
