import { InvocationContext } from '@azure/functions';
import { traceJob } from '../../functions/traceJob';
import { ReceiverError } from '../../shared/errors';
import type { CallGraph } from '../../shared/graph/client';
import { formatJobMessage } from '../../shared/jobs/message';
import type { EndedSpan } from '../../shared/telemetry/spans';
import type { Telemetry } from '../../shared/telemetry/telemetry';
import { graphError } from '../support/createFakeGraph';
import { FETCHABLE, JOB, PRINTER, START, TENANT } from '../support/createJobWorker';

// Its last digits are within the tenth of traces that is exported.
const TRACE = '0af7651916cd43dd8448eb2100000001';
const POST = `00-${TRACE}-b7ad6b7169203331-01`;
const INVOCATION = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const message = (traceparent: string) =>
  JSON.parse(
    formatJobMessage({ ...{ reference: FETCHABLE, foundBy: 'graph', receivedAt: START, traceparent, deferrals: 0 } }),
  ) as unknown;
const context = new InvocationContext({
  functionName: 'processNotification',
  traceContext: { traceParent: INVOCATION },
});

function createWorld({ isOn = true } = {}) {
  const traced: EndedSpan[] = [];
  const nothing = () => undefined;
  const telemetry: Telemetry = {
    ...{ isOn, measure: nothing, invocationEnded: nothing, flush: () => Promise.resolve() },
    trace: (spans) => void traced.push(...spans),
  };
  const callGraph = jest.fn<ReturnType<CallGraph>, Parameters<CallGraph>>();
  callGraph.mockResolvedValue({ status: 200, body: { secret: 'report.pdf' } });
  return { traced, callGraph, deps: { telemetry, context, callGraph } };
}

const READ = {
  tenantId: TENANT,
  method: 'GET',
  path: `/print/printers/${PRINTER}/jobs/5182/documents/ab12/$value?$expand=secret`,
  permission: 'PrintJob.Read.All',
} as const;

it('without telemetry the work gets the calls as they are, and the traceparent of the message counts', async () => {
  const { deps, traced, callGraph } = createWorld({ isOn: false });
  await traceJob(deps, message(POST), (trace) => {
    expect(trace).toEqual({ callGraph });
    return Promise.resolve('done');
  });
  expect(traced).toEqual([]);
});

it('the work on a job is a child of the POST, linked to its invocation, with its calls to Graph below it', async () => {
  const { deps, traced } = createWorld();
  const outcome = await traceJob(deps, message(POST), async ({ callGraph, traceparent }) => {
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
    await callGraph(READ);
    return 'done';
  });
  expect(outcome).toBe('done');
  expect(traced).toMatchObject([
    {
      name: 'process print-notifications',
      kind: 'consumer',
      parent: { traceId: TRACE, spanId: 'b7ad6b7169203331' },
      link: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' },
      attributes: {
        function: 'processNotification',
        tenantId: TENANT,
        key: `jobFetchable_${PRINTER}_${JOB}`,
        jobId: JOB,
        outcome: 'done',
      },
      isFailed: false,
    },
    {
      name: 'GET /print/printers/{id}/jobs/{id}/documents/{id}/$value',
      kind: 'client',
      attributes: { tenantId: TENANT, 'http.response.status_code': 200 },
    },
  ]);
  expect(JSON.stringify(traced)).not.toMatch(/secret|report/);
});

it('a run that fails says with which code, and throws the same error', async () => {
  const { deps, traced, callGraph } = createWorld();
  const refused = graphError('forbidden');
  callGraph.mockRejectedValue(refused);
  const traced403 = traceJob(deps, message(POST), async (trace) => {
    await trace.callGraph(READ);
    return 'done';
  });
  await expect(traced403).rejects.toBe(refused);
  expect(traced.map(({ attributes, isFailed }) => [attributes['code'], isFailed])).toEqual([
    ['graphForbidden', true],
    ['graphForbidden', true],
  ]);
});

it.each([new SyntaxError('Unexpected "secret"'), 'secret'])(
  'of the error %p of a library nothing is traced',
  async (error) => {
    const { deps, traced } = createWorld();
    await expect(traceJob(deps, message(POST), jest.fn().mockRejectedValue(error))).rejects.toBe(error);
    expect(traced).toHaveLength(1);
    expect(JSON.stringify(traced)).not.toContain('secret');
  },
);

it.each(['poisoned', 'failed'] as const)('a run that ends as %s is exported whatever its trace', async (outcome) => {
  const { deps, traced } = createWorld();
  await traceJob(deps, message(POST.replace('00000001', 'ffffffff')), () => Promise.resolve(outcome));
  expect(traced).toMatchObject([{ isFailed: true, attributes: { outcome } }]);
});

it.each(['', 'nonsense'])('a message with the traceparent %p begins a trace', async (traceparent) => {
  const { deps, traced } = createWorld();
  const failing = traceJob(deps, message(traceparent), () => Promise.reject(new ReceiverError('unexpected', 'x')));
  await expect(failing).rejects.toThrow('x');
  expect(traced[0]).toMatchObject({
    parent: undefined,
    ids: { traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
  });
});

it('garbage in the queue is traced without a name of it', async () => {
  const { deps, traced } = createWorld();
  await traceJob(deps, 'garbage', () => Promise.resolve('poisoned'));
  expect(traced[0]?.attributes).toEqual({ function: 'processNotification', outcome: 'poisoned' });
});
