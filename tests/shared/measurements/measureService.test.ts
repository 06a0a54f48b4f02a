import { ReceiverError } from '../../../shared/errors';
import type { MeasureServices } from '../../../shared/measurements/measureService';
import { createRulesStore } from '../../../shared/rules/store';
import { QUEUE_NAMES } from '../../../shared/storage/account';
import { METRICS, type MetricName } from '../../../shared/telemetry/catalogue';
import { measurementsOf } from '../../../shared/telemetry/measuredEvents';
import {
  addBusyPast,
  createHealthyWorld,
  createMeasuredWorld,
  DAY,
  HOUR,
  iso,
  NOW,
  started,
} from '../../support/createMeasuredWorld';
import {
  DEFINITION,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  TENANT,
  type WatchFields,
} from '../../support/createSubscriptionWorld';

const out = () => Promise.reject(new ReceiverError('storageUnavailable', 'Cannot reach Table storage'));

describe('a run', () => {
  it('measures every gauge of the catalogue with its dimensions, each value once', async () => {
    const world = await createHealthyWorld();
    await addBusyPast(world);
    await world.holdJob(started('t1'), NOW + HOUR);
    await world.addJob(NOW - MINUTE, started('t2'));
    await world.addTenant({ tenantId: OTHER_TENANT, lastError: 'No consent', graphAccess: 'refused' });
    await world.addWatch({ id: 'new', since: iso(NOW - 9 * DAY) });
    await world.run();
    const gauges = Object.entries(METRICS).flatMap(([name, { kind }]) => (kind === 'gauge' ? [name] : []));
    expect([...new Set(world.measured.map(({ metric }) => metric))].sort()).toEqual(gauges.sort());
    for (const { metric, dimensions = {} } of world.measured) {
      expect(Object.keys(dimensions).sort()).toEqual([...METRICS[metric].dimensions].sort());
    }
    const series = world.measured.map(({ metric, dimensions }) => JSON.stringify([metric, dimensions]));
    expect(new Set(series).size).toBe(series.length);
  });

  it('ends with one line, which counts as a complete run', async () => {
    const world = await createHealthyWorld();
    await world.run();
    const line = { parts: 12, failed: 0, ms: 0 };
    expect(world.logger.events).toEqual([{ level: 'info', event: 'service.measured', ...line }]);
    expect(measurementsOf('service.measured', line)).toEqual([
      { metric: 'upr.measurements', value: 1, dimensions: {} },
    ]);
  });

  it('writes nothing', async () => {
    const world = await createHealthyWorld();
    await addBusyPast(world);
    await world.holdJob(started('t1'), NOW - HOUR);
    const before = await world.rows();
    await world.run();
    expect(await world.rows()).toEqual(before);
  });
});

describe('a part that fails does not silence the others', () => {
  it('where the tables are out, the queues are measured, and the run is not complete', async () => {
    const world = await createHealthyWorld();
    await world.run({ tenants: out, watches: out, ledger: out });
    expect(world.failedParts()).toEqual(['upkeep', 'attention', 'rules', 'heldJobs', 'activity']);
    expect(world.logger.events[0]).toMatchObject({ level: 'error', code: 'storageUnavailable' });
    expect(world.values('upr.queues.depth')).toHaveLength(Object.keys(QUEUE_NAMES).length);
    const last = world.logger.events.at(-1);
    expect(last).toMatchObject({ level: 'error', event: 'service.measured', failed: 5 });
    expect(measurementsOf('service.measured', { ...last })).toEqual([]);
  });

  it('where one queue is out, the other queues and the tables are measured', async () => {
    const world = await createHealthyWorld();
    const queueContents: MeasureServices['queueContents'] = (name) =>
      name === 'print-job-events' ? out() : Promise.resolve(world.queueOf(name));
    await world.run({ queueContents });
    expect(world.failedParts()).toEqual(['queue print-job-events']);
    expect(world.values('upr.queues.depth')).toHaveLength(Object.keys(QUEUE_NAMES).length - 1);
    expect(world.value('upr.subscriptions.missing')).toBe(0);
  });

  it('where the ledger alone is out, subscriptions are measured', async () => {
    const world = await createHealthyWorld();
    await world.run({ ledger: out });
    expect(world.failedParts()).toEqual(['heldJobs', 'activity']);
    expect(world.value('upr.subscriptions.renewalAge')).toBe(40);
  });

  it('a run that takes too long leaves out what it has not read, and does not show too little', async () => {
    const world = await createHealthyWorld();
    const tenants = () => {
      world.clock.advance(4 * MINUTE);
      return world.services.tenants();
    };
    await world.run({ tenants });
    expect(world.failedParts()).toEqual(['heldJobs', 'activity']);
    expect(world.values('upr.held.jobs')).toEqual([]);
  });
});

it('each queue has a depth and the age of its oldest message, also in poison', async () => {
  const world = await createHealthyWorld();
  await world.queueOf('print-notifications').send('a');
  await world.queueOf('print-archive-poison').send('b');
  world.clock.advance(17 * MINUTE);
  await world.queueOf('print-notifications').send('c');
  await world.run();
  const of = (metric: MetricName, queue: string) =>
    world.values(metric).find(({ dimensions }) => dimensions?.['queue'] === queue)?.value;
  expect([of('upr.queues.depth', 'print-notifications'), of('upr.queues.age', 'print-notifications')]).toEqual([2, 17]);
  expect([of('upr.poison.depth', 'print-archive'), of('upr.poison.age', 'print-archive')]).toEqual([1, 17]);
  expect([of('upr.queues.depth', 'subscription-events'), of('upr.queues.age', 'subscription-events')]).toEqual([0, 0]);
  expect(of('upr.poison.depth', 'print-notifications-waiting')).toBeUndefined();
});

describe('subscriptions and sweeps', () => {
  it('of a healthy customer', async () => {
    const world = await createHealthyWorld();
    await world.run();
    expect(world.value('upr.subscriptions.nearestExpiry')).toBe(69 * 60);
    expect(world.value('upr.subscriptions.renewalAge')).toBe(40);
    expect(world.value('upr.sweeps.age')).toBe(8);
    expect(world.value('upr.subscriptions.missing')).toBe(0);
    expect(world.value('upr.tenants.refusing')).toBe(0);
    expect(world.values('upr.tenants.attention')).toEqual([]);
    expect(world.value('upr.subscriptions.wrongKeys')).toBe(0);
  });

  it('the one that lies furthest back counts, of several', async () => {
    const world = await createHealthyWorld();
    await world.addWatch({ id: 'late', renewedAt: iso(NOW - 3 * HOUR), expirationDateTime: iso(NOW + HOUR) });
    await world.addTenant({ tenantId: OTHER_TENANT, sweptAt: iso(NOW - 2 * HOUR) });
    await world.run();
    expect(world.value('upr.subscriptions.nearestExpiry')).toBe(60);
    expect(world.value('upr.subscriptions.renewalAge')).toBe(180);
    expect(world.value('upr.sweeps.age')).toBe(120);
  });

  const never = { subscriptionId: undefined, renewedAt: undefined, expirationDateTime: undefined };
  it.each<[string, number, WatchFields]>([
    ['expired half an hour ago', 1, { expirationDateTime: iso(NOW - 31 * MINUTE) }],
    ['expired a moment ago', 0, { expirationDateTime: iso(NOW - MINUTE) }],
    ['was wanted half an hour ago and never created', 1, { ...never, since: iso(NOW - 31 * MINUTE) }],
    ['is wanted since a moment', 0, { ...never, since: iso(NOW - MINUTE) }],
  ])('a subscription that %s: %i missing', async (_which, missing, fields) => {
    const world = createMeasuredWorld();
    await world.addTenant();
    await world.addWatch(fields);
    await world.run();
    expect(world.value('upr.subscriptions.missing')).toBe(missing);
    expect(world.values('upr.subscriptions.nearestExpiry')).toEqual([]);
    expect(world.values('upr.subscriptions.renewalAge')).toEqual([]);
  });

  it('a customer that refuses the app is counted once, and not through its watches', async () => {
    const world = createMeasuredWorld();
    await world.addTenant({ graphAccess: 'refused', lastError: 'No consent', sweptAt: iso(NOW - DAY) });
    await world.addWatch({ expirationDateTime: iso(NOW - DAY) });
    await world.run();
    expect(world.value('upr.tenants.refusing')).toBe(1);
    expect(world.value('upr.subscriptions.missing')).toBe(0);
    expect(world.values('upr.sweeps.age')).toEqual([]);
    expect(world.values('upr.tenants.attention').map(({ dimensions }) => dimensions)).toEqual([
      { tenantId: TENANT, reason: 'tenantRefused' },
    ]);
  });

  it('the first 20 customers with a reason are named, each reason once', async () => {
    const world = createMeasuredWorld();
    for (let n = 0; n < 25; n += 1) {
      const tenantId = `${String(n).padStart(8, '0')}-0000-4000-8000-000000000000`;
      await world.addTenant({ tenantId, sweptAt: iso(NOW - 2 * HOUR) });
      await world.addWatch({ tenantId, keyId: 'k0' });
    }
    await world.run();
    const named = world.values('upr.tenants.attention').map(({ dimensions }) => dimensions?.['reason']);
    expect(named.filter((reason) => reason === 'sweepLate')).toHaveLength(20);
    expect(named.filter((reason) => reason === 'wrongKeys')).toHaveLength(20);
    expect(named).toHaveLength(40);
    // An alert rests on this one, so it counts them all.
    expect(world.value('upr.subscriptions.wrongKeys')).toBe(25);
  });
});

describe('rules', () => {
  it('that are invalid count by document, not by customer', async () => {
    const world = await createHealthyWorld();
    await world.addTenant({ tenantId: OTHER_TENANT });
    await world.blobs.write('rules/default.json', '{', undefined);
    await world.run();
    expect(
      world.values('upr.rules.unreadable').map(({ value, dimensions }) => [value, dimensions?.['problem']]),
    ).toEqual([
      [1, 'invalid'],
      [0, 'outage'],
    ]);
  });

  it('that storage does not deliver are an outage', async () => {
    const world = await createHealthyWorld();
    const blobs = { read: () => Promise.reject(new ReceiverError('blobsUnavailable', 'No answer')) };
    await world.run({ rules: () => Promise.resolve(createRulesStore({ blobs, clock: world.clock })) });
    expect(world.values('upr.rules.unreadable').map(({ value }) => value)).toEqual([0, 1]);
  });
});

describe('held jobs', () => {
  it('count for all customers, with the first hold, the first that is overdue, and the printers with the most', async () => {
    const world = await createHealthyWorld();
    await world.addTenant({ tenantId: OTHER_TENANT, status: 'paused' });
    await world.holdJob(started('a'), NOW + HOUR);
    world.clock.advance(30 * MINUTE);
    await world.holdJob(started('b', 'printer-b'), NOW + 25 * MINUTE);
    await world.holdJob(started('c', 'printer-b'), NOW + 90 * MINUTE);
    await world.holdJob(started('d', 'printer-d', OTHER_TENANT), NOW + 90 * MINUTE);
    await world.run();
    expect(world.value('upr.held.jobs')).toBe(4);
    expect(world.value('upr.held.age')).toBe(30);
    expect(world.value('upr.held.overdue')).toBe(5);
    const [most, ...others] = world.values('upr.held.byPrinter');
    expect(most).toMatchObject({ value: 2, dimensions: { tenantId: TENANT, printerId: 'printer-b' } });
    expect(others.map(({ value, dimensions }) => [value, dimensions?.['printerId']]).sort()).toEqual([
      [1, PRINTER],
      [1, 'printer-d'],
    ]);
  });

  it('are none: the ages are 0', async () => {
    const world = await createHealthyWorld();
    await world.run();
    const [jobs, age, overdue] = [
      world.value('upr.held.jobs'),
      world.value('upr.held.age'),
      world.value('upr.held.overdue'),
    ];
    expect([jobs, age, overdue]).toEqual([0, 0, 0]);
  });
});

it('names the 20 printers with the most jobs in ten minutes', async () => {
  const world = await createHealthyWorld();
  for (let printer = 0; printer < 22; printer += 1) {
    for (let job = 0; job <= printer; job += 1) {
      await world.addJob(NOW - 2 * MINUTE, started(`${printer}-${job}`, `printer-${printer}`));
    }
  }
  await world.run();
  const jobs = world.values('upr.printers.jobs').map(({ value }) => value);
  expect(jobs).toEqual(Array.from({ length: 20 }, (_, index) => 22 - index));
});

describe('watches', () => {
  const watch = `jobFetchable_${PRINTER}`;

  it('one that was busy in these hours of both weeks before and has no job is silent, until it has one', async () => {
    const world = await createHealthyWorld();
    await addBusyPast(world);
    await world.run();
    expect(world.values('upr.watches.silent')).toEqual([
      { metric: 'upr.watches.silent', value: 24, dimensions: { tenantId: TENANT, watch } },
    ]);
    await world.addJob(NOW + MINUTE, { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '99' });
    world.clock.advance(5 * MINUTE);
    await world.run();
    expect(world.values('upr.watches.silent')).toEqual([]);
  });

  it('one of eight days without a job never saw one, and is asked about once an hour', async () => {
    const world = createMeasuredWorld();
    await world.addTenant();
    const since = iso(NOW - 8.5 * DAY);
    await world.addWatch({ since });
    await world.addWatch({ id: 'busy', since });
    await world.addWatch({ id: 'young', since: iso(NOW - 6 * DAY) });
    await world.addWatch({ id: 'unwanted', since, wanted: false });
    const jobOf = (printerId: string) => ({ kind: 'jobFetchable', tenantId: TENANT, printerId, jobId: '1' }) as const;
    await world.addJob(NOW - 5 * DAY, jobOf('busy'));
    let asked = 0;
    const hasJobOf: typeof world.ledger.hasJobOf = (key) => {
      asked += 1;
      return world.ledger.hasJobOf(key);
    };
    const counted = { ledger: () => Promise.resolve({ ...world.ledger, hasJobOf }) };
    await world.run(counted);
    expect(world.values('upr.watches.neverSawJob')).toEqual([
      { metric: 'upr.watches.neverSawJob', value: 8, dimensions: { tenantId: TENANT, watch } },
    ]);
    await world.run(counted);
    expect(world.values('upr.watches.neverSawJob')).toHaveLength(1);
    expect(asked).toBe(2);
    await world.addJob(NOW, jobOf(PRINTER));
    world.clock.advance(HOUR + MINUTE);
    await world.run(counted);
    expect(world.values('upr.watches.neverSawJob')).toEqual([]);
    expect(asked).toBe(3);
  });

  it('of a customer that is not active expect no jobs', async () => {
    const world = createMeasuredWorld();
    await world.addTenant({ status: 'paused' });
    await world.addWatch({ kind: 'jobStarted', id: DEFINITION, since: iso(NOW - 9 * DAY) });
    await addBusyPast(world);
    await world.run();
    expect(world.values('upr.watches.neverSawJob')).toEqual([]);
    expect(world.values('upr.watches.silent')).toEqual([]);
  });
});
