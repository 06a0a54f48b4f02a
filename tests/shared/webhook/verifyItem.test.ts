import { verifyItem } from '../../../shared/webhook/verify';
import {
  CLIENT_ID,
  DEFINITION,
  fetchableItem,
  JOB,
  lifecycleItem,
  PRINTER,
  startedItem,
  stateFor,
  SUBSCRIPTION,
  TASK,
  TENANT_A,
  TENANT_B,
  TEST_RING,
} from '../../support/notifications';

const SHARE = 'd837c17b-3296-4384-a053-828d56e10f50';
const RECEIVED_AT = '2026-11-22T10:00:00.000Z';
const judge = (item: unknown) =>
  verifyItem(TEST_RING, item, { clientId: CLIENT_ID, receivedAt: RECEIVED_AT, nextTraceparent: () => 'trace' });

/** What every job message of these items carries (shared/jobs/message.ts says what is stored). */
const base = {
  generation: 0,
  subscriptionId: SUBSCRIPTION,
  expires: '2026-11-24T20:10:00.0000000Z',
  foundBy: 'graph',
  receivedAt: RECEIVED_AT,
  traceparent: 'trace',
  deferrals: 0,
};
const started = { kind: 'jobStarted', tenantId: TENANT_A, definitionId: DEFINITION, taskId: TASK };
const fetchable = { kind: 'jobFetchable', tenantId: TENANT_A, printerId: PRINTER, jobId: JOB };

describe('a job item', () => {
  it('JobStarted: names definition and task, with printer and job out of parentUrl as hints', () => {
    expect(judge(startedItem())).toEqual({
      job: { ...base, reference: { ...started, printerId: PRINTER, jobId: JOB } },
    });
  });

  it.each([
    ['absent', undefined],
    ['null', null],
    ['without parentUrl', { id: TASK }],
    ['of another form', { parentUrl: 'https://graph.microsoft.com/v1.0/me' }],
    ['no object', 'x'],
  ])('JobStarted: goes without hints when resourceData is %s', (_name, resourceData) => {
    expect(judge(startedItem({ resourceData }))).toEqual({ job: { ...base, reference: started } });
  });

  it('JobFetchable: names printer and job', () => {
    expect(judge(fetchableItem())).toEqual({ job: { ...base, reference: fetchable } });
  });

  it.each([
    ['a slash in front', `/print/printers/${PRINTER}/jobs/${JOB}`],
    ['the key form', `print/printers('${PRINTER}')/jobs('${JOB}')`],
    ['capitals', `PRINT/Printers/${PRINTER.toUpperCase()}/Jobs/${JOB}`],
  ])('accepts a resource with %s', (_name, resource) => {
    expect(judge(fetchableItem({ resource }))).toEqual({ job: { ...base, reference: fetchable } });
  });

  it.each([
    ['a share', `https://graph.microsoft.com/v1.0/print/shares/${SHARE}/jobs/${JOB}`, { shareId: SHARE, jobId: JOB }],
    [
      'a pull print printer',
      `https://graph.microsoft.com/v1.0/print/pullPrintPrinters/${SHARE}/jobs/${JOB}`,
      { printerId: `pullprint.${SHARE}`, jobId: JOB },
    ],
    [
      'a cast segment',
      `https://graph.microsoft.com/v1.0/print/printers/${PRINTER}/microsoft.graph.printer/jobs/${JOB}`,
      { printerId: PRINTER, jobId: JOB },
    ],
  ])('JobStarted: takes hints out of a parentUrl with %s', (_name, parentUrl, hints) => {
    expect(judge(startedItem({ resourceData: { parentUrl } }))).toEqual({
      job: { ...base, reference: { ...started, ...hints } },
    });
  });

  it('JobFetchable: a job named through a share goes with the tag of its clientState, for the worker to compare', () => {
    const resource = `print/shares/${SHARE}/jobs/${JOB}`;
    const [, , tag] = stateFor({ kind: 'jobFetchable', id: PRINTER }).split('.');
    const shared = { kind: 'sharedJob', tenantId: TENANT_A, shareId: SHARE, jobId: JOB, tag };
    expect(judge(fetchableItem({ resource }))).toEqual({ job: { ...base, shared } });
  });

  it('accepts organizationId in place of tenantId, and either in capitals', () => {
    const { tenantId: _dropped, ...item } = fetchableItem({ organizationId: TENANT_A.toUpperCase() });
    expect(judge(item)).toEqual({ job: { ...base, reference: fetchable } });
    expect(judge(fetchableItem({ tenantId: TENANT_A.toUpperCase() }))).toHaveProperty('job');
    expect(judge(fetchableItem({ tenantId: null, organizationId: TENANT_A }))).toHaveProperty('job');
  });

  it('carries the generation of its clientState', () => {
    expect(judge(startedItem({ clientState: stateFor({ generation: 12 }) }))).toHaveProperty('job.generation', 12);
  });

  it.each([
    ['the subscription id', { subscriptionId: 'x\n{"admin":true}' }, 'subscriptionId'],
    ['a subscription id that is no text', { subscriptionId: 7 }, 'subscriptionId'],
    ['the expiry', { subscriptionExpirationDateTime: 'tomorrow' }, 'expires'],
    ['an expiry that no calendar has', { subscriptionExpirationDateTime: '2026-13-45T99:00:00Z' }, 'expires'],
    ['an expiry that is no text', { subscriptionExpirationDateTime: 0 }, 'expires'],
  ])('leaves out %s when it is of another form', (_name, replaced, field) => {
    const judgement = judge(fetchableItem(replaced));
    expect(judgement).toHaveProperty('job.reference');
    expect(judgement).not.toHaveProperty(`job.${field}`);
  });
});

describe('an authentic item with an unknown resource is queued as unknown (docs/decisions/0002)', () => {
  it.each([
    ['no resource', undefined, '(undefined)'],
    ['a resource of unknown shape', 'print/shares/42/jobs', 'print/shares/{id}/jobs'],
    [
      'another watch of the kind',
      `print/taskDefinitions/${PRINTER}/tasks/${TASK}`,
      'print/taskDefinitions/{id}/tasks/{id}',
    ],
    ['a watch of the other kind', `print/printers/${DEFINITION}/jobs/1`, 'print/printers/{id}/jobs/{id}'],
    [
      'a pull print printer, for which there are no subscriptions',
      `print/pullPrintPrinters/${PRINTER}/jobs/1`,
      'print/pullPrintPrinters/{id}/jobs/{id}',
    ],
    [
      'an id we do not accept',
      `print/taskDefinitions/${DEFINITION}/tasks/a b`,
      'print/taskDefinitions/{id}/tasks/{id}',
    ],
  ])('%s', (_name, resource, shape) => {
    expect(judge(startedItem({ resource }))).toEqual({ job: { ...base, tenantId: TENANT_A, shape } });
  });

  it.each([null, '', 7])('lifecycleEvent %p and no resource', (lifecycleEvent) => {
    expect(judge(lifecycleItem({ lifecycleEvent }))).toHaveProperty('job.shape');
  });
});

describe('a lifecycle item', () => {
  const [, , tag] = stateFor({}).split('.');

  it.each(['reauthorizationRequired', 'subscriptionRemoved', 'missed'])(
    '%s: names the watch by the tag of its clientState',
    (lifecycleEvent) => {
      expect(judge(lifecycleItem({ lifecycleEvent }))).toEqual({
        lifecycle: {
          kind: 'lifecycle',
          tenantId: TENANT_A,
          tag,
          lifecycleEvent,
          subscriptionId: SUBSCRIPTION,
          generation: 0,
          receivedAt: RECEIVED_AT,
          traceparent: 'trace',
        },
      });
    },
  );

  it.each(['a\nb', 'somethingNew'])(
    'leaves out a malformed subscription id, and names the event %j `unknown`',
    (word) => {
      const judgement = judge(lifecycleItem({ subscriptionId: 'x', lifecycleEvent: word }));
      expect(judgement).toHaveProperty('lifecycle.lifecycleEvent', 'unknown');
      expect(judgement).not.toHaveProperty('lifecycle.subscriptionId');
    },
  );
});

it('refuses a job item and a lifecycle item of a tenant that the mac does not cover', () => {
  expect(judge(startedItem({ tenantId: TENANT_B }))).toEqual({ refused: 'wrongMac' });
  expect(judge(lifecycleItem({ tenantId: TENANT_B }))).toEqual({ refused: 'wrongMac' });
});
