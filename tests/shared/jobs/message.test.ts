import { formatJobMessage, parseJobMessage, type JobMessage } from '../../../shared/jobs/message';
import { DEFINITION, JOB, PRINTER, SUBSCRIPTION, TASK, TENANT_A } from '../../support/notifications';

const base = {
  generation: 3,
  subscriptionId: SUBSCRIPTION,
  expires: '2026-11-24T20:10:00Z',
  foundBy: 'graph',
  receivedAt: '2026-11-22T10:00:00.000Z',
  traceparent: '00-aa-bb-01',
  deferrals: 2,
} as const;
const started = { kind: 'jobStarted', tenantId: TENANT_A, definitionId: DEFINITION, taskId: TASK } as const;
const fetchable = { kind: 'jobFetchable', tenantId: TENANT_A, printerId: PRINTER, jobId: JOB } as const;
const bare = { foundBy: 'sweep', receivedAt: '', traceparent: '', deferrals: 0 } as const;

const messages: JobMessage[] = [
  { ...base, reference: { ...started, printerId: PRINTER, jobId: JOB } },
  { ...base, reference: started },
  { ...base, reference: fetchable },
  { ...bare, reference: fetchable },
  { ...base, tenantId: TENANT_A, shape: 'print/{id}' },
  { ...bare, tablesOutSince: '2026-11-22T10:00:00.000Z', reference: started },
];

it.each(messages)('is unchanged after formatting and parsing: %j', (message) => {
  expect(parseJobMessage(JSON.parse(formatJobMessage(message)))).toEqual({ message });
});

it('nests everything in `event`, because other names hide the metadata of the trigger (contract)', () => {
  const [first] = messages;
  const value = JSON.parse(formatJobMessage(first as JobMessage)) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(['event']);
  expect(value['event']).toEqual({
    v: 1,
    kind: 'jobStarted',
    tenantId: TENANT_A,
    definitionId: DEFINITION,
    taskId: TASK,
    printerId: PRINTER,
    jobId: JOB,
    ...base,
  });
  expect(JSON.parse(formatJobMessage(messages[4] as JobMessage))).toMatchObject({
    event: { kind: 'unknown' },
  });
});

const event = (replaced: Record<string, unknown> = {}) => ({
  event: { v: 1, ...fetchable, ...base, ...replaced },
});

it('accepts the previous version, so that a deployment loses nothing in flight', () => {
  expect(parseJobMessage(event({ v: 0 }))).toEqual({ message: { ...base, reference: fetchable } });
});

it.each([
  ['no object', 'x'],
  ['null', null],
  ['no event', {}],
  ['a list as event', { event: [] }],
  ['a newer version', event({ v: 2 })],
  ['no version', event({ v: undefined })],
  ['no tenant', event({ tenantId: undefined })],
  ['a tenant of another form', event({ tenantId: 'a/b' })],
  ['no kind', event({ kind: undefined })],
  ['a strange kind', event({ kind: 'jobEaten' })],
  ['no job', event({ jobId: undefined })],
  ['a printer of another form', event({ printerId: '..\\x' })],
  ['no task', { event: { v: 1, ...base, ...started, taskId: '' } }],
  ['no definition', { event: { v: 1, ...base, ...started, definitionId: 7 } }],
])('%s is malformed', (_name, value) => {
  expect(parseJobMessage(value)).toEqual({ malformed: expect.any(String) as string });
});

it('replaces malformed optional fields with safe values', () => {
  const strange = {
    generation: '3',
    subscriptionId: 7,
    expires: 0,
    foundBy: 'x',
    receivedAt: 1,
    traceparent: [],
    deferrals: -2,
    tablesOutSince: '2026',
  };
  expect(parseJobMessage(event(strange))).toEqual({
    message: { foundBy: 'graph', receivedAt: '', traceparent: '', deferrals: 0, reference: fetchable },
  });
  expect(parseJobMessage(event({ deferrals: 1.7 }))).toMatchObject({ message: { deferrals: 1 } });
  expect(parseJobMessage({ event: { v: 1, kind: 'unknown', tenantId: TENANT_A, ...base } })).toEqual({
    message: { ...base, tenantId: TENANT_A, shape: '' },
  });
});

it('takes hints only in pairs', () => {
  const value = { event: { v: 1, ...started, printerId: PRINTER, ...base } };
  expect(parseJobMessage(value)).toEqual({ message: { ...base, reference: started } });
});
