import { KEPT_JOBS, STEP_KINDS, type JobStory } from '../../../local/console/consoleApi';
import { createTimeline, type TimelineOptions } from '../../../local/console/timeline/createTimeline';
import { createReports, DEFINITION, PRINTER, TASK, TENANT } from './createReports';

const KEY = `jobStarted_${DEFINITION}_${TASK}`;
const FETCHABLE = `jobFetchable_${PRINTER}_5182`;

function start(options?: TimelineOptions) {
  const timeline = createTimeline(options);
  const reports = createReports();
  const { activity, job } = reports;
  timeline.addActivity(activity({ jobs: [job({ tasks: true })] }));
  return { timeline, ...reports, only: () => timeline.stories()[0] as JobStory };
}
const kinds = ({ steps }: JobStory) => steps.map(({ kind }) => kind);
const texts = ({ steps }: JobStory) => steps.map(({ text }) => text);

describe('the story of a job that waits for the app', () => {
  /** Everything about one released job, each report with the time at which it happened. */
  const whole = () => {
    const world = start();
    const { timeline, activity, delivery, call, log, event } = world;
    const reports = [
      () => timeline.addActivity(activity({ deliveries: [delivery({ at: 20, answerMs: 30, post: 1 })] })),
      () => timeline.addActivity(activity({ deliveries: [delivery({ at: 40, answerMs: 15, post: 2 })] })),
      () => timeline.addLog(log(905, 'job.claimed', { key: KEY, kind: 'jobStarted', foundBy: 'graph' })),
      () => timeline.addActivity(activity({ calls: [call(900, 'GET', '?$expand=tasks')] })),
      () => timeline.addActivity(activity({ calls: [call(940, 'PATCH', 'task')] })),
      () => timeline.addLog(log(930, 'job.deferred', { key: KEY, cause: 'busy', delaySeconds: 105 })),
      () =>
        timeline.addLog(
          log(960, 'job.processed', {
            key: KEY,
            kind: 'jobStarted',
            outcome: 'done',
            jobOutcome: 'released',
            decidedBy: 'rules',
          }),
        ),
      () => timeline.addEvents([event(950, `${TENANT}/${KEY}`, { rule: 'night shift' })]),
    ];
    return { ...world, reports };
  };

  it('goes from print to event in the order of time, whichever report comes first', () => {
    for (const order of [(list: (() => void)[]) => list, (list: (() => void)[]) => [...list].reverse()]) {
      const { reports, only } = whole();
      for (const report of order(reports)) report();
      expect(kinds(only())).toEqual([
        ...[
          'printed',
          'notified',
          'duplicate',
          'acknowledged',
          'claimed',
          'read',
          'duplicate',
          'decided',
          'acted',
          'event',
        ],
      ]);
      expect(only()).toMatchObject({
        ...{ id: `${TENANT}/${PRINTER}/5182`, jobNumber: '5182', customer: 'Contoso', printer: 'Reception' },
        ...{ scenario: 'jobStarted', key: KEY, status: 'done', outcome: 'released', document: 'plan.pdf' },
        events: [{ id: `${TENANT}/${KEY}`, key: KEY, type: 'print.job.started' }],
      });
      expect(texts(only())).toEqual(
        expect.arrayContaining(['The rule "night shift" decides: release', 'The app answers 202 after 30 ms']),
      );
    }
  });

  it('reports each change with the id of the job', () => {
    const changed: string[] = [];
    const { timeline, log } = start({ onJob: (id) => changed.push(id) });
    timeline.addLog(log(1, 'job.claimed', { key: KEY }));
    expect(changed).toEqual(Array(2).fill(`${TENANT}/${PRINTER}/5182`));
  });

  it('is held, and a request releases it', () => {
    const { timeline, log, event, only } = start();
    timeline.addLog(log(10, 'job.claimed', { key: KEY, foundBy: 'graph' }));
    timeline.addLog(
      log(20, 'job.held', { key: KEY, heldUntil: '2026-11-29T10:00:00.000Z', wasHeld: false, kind: 'jobStarted' }),
    );
    timeline.addEvents([event(20, `${TENANT}/${KEY}`, { rule: 'pull printing' })]);
    expect(only()).toMatchObject({ status: 'held', outcome: 'held' });
    expect(texts(only()).slice(2)).toEqual([
      'The rule "pull printing" decides: hold',
      'The event print.job.started is sent, outcome held',
      'The job is held until 2026-11-29T10:00:00.000Z',
    ]);
    timeline.addLog(log(30, 'job.wish', { key: KEY, action: 'release', outcome: 'accepted' }));
    expect(only().status).toBe('requested');
    timeline.addLog(
      log(40, 'job.processed', {
        key: KEY,
        wasHeld: true,
        kind: 'jobStarted',
        outcome: 'done',
        jobOutcome: 'released',
        decidedBy: 'wish',
      }),
    );
    expect(only()).toMatchObject({ status: 'done', outcome: 'released' });
    expect(texts(only()).slice(5)).toEqual([
      'Requested: release',
      'The request decides: release',
      'The event print.job.ended is sent, outcome released',
    ]);
  });

  it('has the event of its document as well', () => {
    const { timeline, log, only } = start();
    timeline.addLog(
      log(10, 'job.processed', { key: KEY, kind: 'jobStarted', outcome: 'done', jobOutcome: 'released' }),
    );
    timeline.addLog(log(20, 'job.claimed', { key: FETCHABLE, foundBy: 'graph' }));
    expect(only()).toMatchObject({ status: 'waiting', key: KEY });
    timeline.addLog(
      log(30, 'job.processed', { key: FETCHABLE, kind: 'jobFetchable', outcome: 'done', jobOutcome: 'fetchable' }),
    );
    expect(only()).toMatchObject({ status: 'done', outcome: 'fetchable' });
  });
});

describe('what goes wrong', () => {
  it('a lost notification, which the sweep makes good', () => {
    const { timeline, activity, delivery, log, only } = start();
    timeline.addActivity(
      activity({ deliveries: [delivery({ at: 10, outcome: 'lost', status: null, post: 0, attempt: 0 })] }),
    );
    expect(only().status).toBe('waiting');
    timeline.addLog(log(600, 'job.claimed', { key: KEY, foundBy: 'sweep' }));
    expect(kinds(only())).toEqual(['printed', 'lost', 'swept', 'claimed']);
  });

  it('an app that does not answer, and the retry of Graph', () => {
    const { timeline, activity, delivery, only } = start();
    const failed = delivery({ at: 10, answerMs: 5, post: 1, attempt: 1, status: null, outcome: 'retrying' });
    timeline.addActivity(activity({ deliveries: [failed, delivery({ at: 510, answerMs: 9, post: 1, attempt: 2 })] }));
    expect(kinds(only())).toEqual(['printed', 'notified', 'unavailable', 'retried', 'acknowledged']);
  });

  it('calls that Graph throttles, and the one that succeeds', () => {
    const { timeline, activity, call, only } = start();
    const throttled = (at: number) => call(at, 'GET', '?$expand=tasks', { status: 429, retryAfterMs: 10_000 });
    timeline.addActivity(activity({ calls: [throttled(10), throttled(20), call(12_000, 'GET', '?$expand=tasks')] }));
    expect(kinds(only())).toEqual(['printed', 'throttled', 'retried', 'read']);
    expect(only().steps[1]).toMatchObject({
      text: 'Graph answers 429 when the app reads the job with its tasks, Retry-After 10 s',
      repeats: 1,
    });
  });

  it.each([
    ['an outage', 503, 'unavailable'],
    ['a cut connection', 0, 'unavailable'],
    ['a missing permission', 403, 'refused'],
  ])('%s', (_name, status, kind) => {
    const { timeline, activity, call, only } = start();
    timeline.addActivity(activity({ calls: [call(10, 'GET', '', { status })] }));
    expect(kinds(only())).toEqual(['printed', kind]);
  });

  it.each([
    ['job.poisoned', { reason: 'tooManyAttempts', code: 'graphForbidden' }, 'job.poisoned: graphForbidden', 'failed'],
    ['job.gone', { cause: 'jobNotFound' }, 'job.gone: jobNotFound', 'failed'],
    ['job.duplicate', {}, 'The app drops the duplicate: the job is done', 'waiting'],
    ['job.dropped', { reason: 'unknownTenant' }, 'The app drops the notification: unknownTenant', 'waiting'],
  ])('%s', (event, fields, text, status) => {
    const { timeline, log, only } = start();
    timeline.addLog(log(10, event, { key: KEY, ...fields }));
    expect([texts(only()).at(-1), only().status]).toEqual([text, status]);
  });

  it('folds the same event that is sent twice into one', () => {
    const { timeline, event, only } = start();
    const first = event(10, `${TENANT}/${KEY}`);
    // The queue shows a message until a consumer deletes it.
    for (const sent of [first, first, event(20, `${TENANT}/${KEY}`)]) timeline.addEvents([sent]);
    expect(only().events).toMatchObject([{ sentAt: 10, repeats: 1 }]);
  });

  it('does not count an event again that the ledger showed before the queue', () => {
    const { timeline, event, only } = start();
    const { messageId: _none, ...ofLedger } = event(10, `${TENANT}/${KEY}`);
    timeline.addEvents([ofLedger]);
    timeline.addEvents([event(10, `${TENANT}/${KEY}`)]);
    expect(only().events).toHaveLength(1);
    expect(only().events[0]?.repeats).toBeUndefined();
  });
});

describe('the service', () => {
  it('refuses a forged notification, which belongs to no job', () => {
    const steps: string[] = [];
    const { timeline, log } = start({ onService: ({ kind }) => steps.push(kind) });
    timeline.addLog(log(10, 'notifications.received', { refused: 1, 'refused.wrongMac': 1, accepted: 0, status: 202 }));
    timeline.addLog(log(20, 'notifications.received', { refused: 0, accepted: 1, status: 202 }));
    expect(timeline.service()).toMatchObject([
      { at: 10, kind: 'refused', text: expect.stringContaining('wrongMac') as unknown },
    ]);
    expect(steps).toEqual(['refused']);
  });

  it('names the customer that has withdrawn its consent, and any error', () => {
    const { timeline, log } = start();
    timeline.addLog(log(10, 'tenant.accessRefused', { message: 'forbidden' }));
    timeline.addLog({ ...log(20, 'settings.invalid', { code: 'badSettings' }), level: 'error' });
    expect(timeline.service().map(({ text }) => text)).toEqual([
      'Graph refuses the app the access to Contoso: its work waits',
      'settings.invalid: badSettings',
    ]);
  });
});

it('keeps the latest jobs, and forgets what points to older ones', () => {
  const { timeline, activity, job, log } = start();
  const later = Array.from({ length: KEPT_JOBS }, (_, index) => job({ jobId: String(6000 + index), n: index + 2 }));
  timeline.addActivity(activity({ jobs: later }));
  expect(timeline.stories()).toHaveLength(KEPT_JOBS);
  expect(timeline.stories()[0]?.jobNumber).toBe('6000');
  timeline.addLog(log(10, 'job.claimed', { key: KEY }));
  expect(timeline.idOf(TENANT, KEY)).toBeUndefined();
});

it('takes lines of the log that come before the report of their job', () => {
  const timeline = createTimeline();
  const { activity, job, log, event } = createReports();
  timeline.addLog(log(10, 'job.claimed', { key: KEY }));
  timeline.addEvents([event(20, `${TENANT}/${KEY}`)]);
  timeline.addActivity(activity({ jobs: [job({ tasks: true })] }));
  expect(timeline.stories()[0]).toMatchObject({ key: KEY, events: [{ id: `${TENANT}/${KEY}` }] });
});

it('each kind has one place in the order', () => {
  expect(new Set(STEP_KINDS).size).toBe(STEP_KINDS.length);
});
