import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { eventually } from '../support/eventually';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { testKey } from '../support/testKey';

const SECRETS = [1, 2].map((n) => `whsec_${testKey(n).toString('base64')}`);
const WAITING = 'print-job-events-waiting';
const DEAD = 'print-job-events-dead';
const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;

type Mode = 'ok' | 'fail' | 'hang' | 'gone';
interface Delivered {
  id: string;
  body: string;
  headers: IncomingHttpHeaders;
  at: number;
}

/** The vendor's endpoint, which can fail and hang. */
async function startEndpoint() {
  const accepted: Delivered[] = [];
  const open = new Set<ServerResponse>();
  const state = { mode: 'ok' as Mode, calls: 0, mostOpen: 0 };
  const server = http.createServer((request, response) => {
    state.calls += 1;
    open.add(response);
    response.on('close', () => open.delete(response));
    state.mostOpen = Math.max(state.mostOpen, open.size);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (state.mode === 'hang') return;
      if (state.mode === 'fail') return void response.writeHead(500).end();
      if (state.mode === 'gone') return void response.writeHead(410).end();
      const body = Buffer.concat(chunks).toString();
      const { id } = JSON.parse(body) as { id: string };
      accepted.push({ id, body, headers: request.headers, at: Date.now() });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...{ accepted, state },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events?code=1`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a webhook as the sink of the events', () => {
  let flow: Flow;
  let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
  let customer: Customer;
  beforeAll(async () => {
    endpoint = await startEndpoint();
    flow = await startFlow({
      clock: true,
      settings: { EVENTS_SINK_WEBHOOK_URL: endpoint.url, EVENTS_SINK_WEBHOOK_SECRETS: SECRETS.join() },
    });
    customer = await flow.onboard(['jobStarted', 'jobFetchable']);
  }, 60_000);
  afterAll(async () => {
    await flow.stop();
    await endpoint.stop();
  }, 30_000);

  const processed = () => flow.logged('job.processed').length;
  const print = async (jobs: number) => {
    const before = processed();
    for (let n = 0; n < jobs; n += 1) await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    // Each job has two events: its task was released, and it is ready for download.
    await eventually('all jobs are processed', () => (processed() >= before + 2 * jobs ? true : undefined), 40_000);
  };
  const untilAccepted = (events: number) =>
    eventually(`${events} events`, () => (endpoint.accepted.length >= events ? true : undefined));
  const untilLength = (queue: string, length: number, limitMs?: number) =>
    eventually(
      `${length} in ${queue}`,
      async () => ((await flow.queues.length(queue)) === length ? true : undefined),
      limitMs,
    );

  it('receives each event with signatures of both secrets that the verifier of Standard Webhooks accepts', async () => {
    await print(1);
    await untilAccepted(2);
    for (const { body, headers, id } of endpoint.accepted) {
      for (const secret of SECRETS) {
        const event = new Webhook(secret).verify(body, headers as Record<string, string>);
        expect(event).toMatchObject({ specversion: '1.0', id, data: { tenantId: customer.tenantId } });
      }
    }
    await untilLength('print-job-events', 0);
  }, 60_000);

  it('fails and hangs while jobs continue, and receives every event after it has recovered', async () => {
    const before = endpoint.accepted.length;
    endpoint.state.mode = 'fail';
    await print(2);
    await untilLength(WAITING, 4);
    endpoint.state.mode = 'hang';
    // The pause after the failures is over.
    flow.cloud.clock?.move(31 * SECOND);
    endpoint.state.mostOpen = 0;
    await print(8);
    expect(endpoint.accepted).toHaveLength(before);
    await untilLength(WAITING, 20, 60_000);
    expect(endpoint.state.mostOpen).toBeGreaterThan(0);
    expect(endpoint.state.mostOpen).toBeLessThanOrEqual(4);
    endpoint.state.mode = 'ok';
    await eventually(
      'all events are accepted',
      async () => {
        flow.cloud.clock?.move(31 * SECOND);
        await flow.runNow('deliverWaitingEvents');
        return (await flow.queues.length(WAITING)) === 0 ? true : undefined;
      },
      60_000,
    );
    const ids = endpoint.accepted.slice(before).map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    for (const queue of ['print-job-events', 'print-job-events-poison', DEAD]) {
      expect([queue, await flow.queues.length(queue)]).toEqual([queue, 0]);
    }
    // No message has lost a try, or the host would have failed calls.
    const lines = flow.cloud.hosts[0]?.lines() ?? [];
    const deliveries = lines.filter((line) => line.includes('"invocation"') && line.includes('deliverJobEvent'));
    expect(deliveries.length).toBeGreaterThanOrEqual(20);
    expect(deliveries.filter((line) => !line.includes('"ok":true') || !line.includes('"dequeueCount":1'))).toEqual([]);
  }, 180_000);

  it('is not called after its setting is removed, and the waiting events return to the queue', async () => {
    endpoint.state.mode = 'gone';
    await print(1);
    await untilLength(WAITING, 2);
    const { calls } = endpoint.state;
    await flow.cloud.restartHost(0, { EVENTS_SINK_WEBHOOK_URL: '' });
    flow.cloud.clock?.move(60 * SECOND);
    await flow.runNow('recoverJobs');
    const returned = await flow.takeEvents();
    expect(returned).toHaveLength(2);
    expect(await flow.queues.length(WAITING)).toBe(0);
    expect(endpoint.state.calls).toBe(calls);
    await flow.cloud.restartHost();
  }, 60_000);

  it('answers 410 for three days, and the events move to the queue of dead events', async () => {
    endpoint.state.mode = 'gone';
    await print(1);
    await untilLength(WAITING, 2);
    // A message whose run has not deleted it yet would be visible again after the move, and be delivered twice.
    await flow.untilQuiet();
    flow.cloud.clock?.move(3 * DAY - 60 * SECOND);
    await flow.runNow('deliverWaitingEvents');
    expect(await flow.queues.length(DEAD)).toBe(0);
    // The longest wait.
    flow.cloud.clock?.move(3_600 * SECOND + 60 * SECOND);
    await flow.runNow('deliverWaitingEvents');
    await untilLength(DEAD, 2);
    expect(await flow.queues.length(WAITING)).toBe(0);
    expect(flow.logged('event.dead')).toMatchObject(Array(2).fill({ reason: 'status 410' }));
    endpoint.state.mode = 'ok';
    const [event] = (await flow.queues.take(DEAD)) as { specversion: string }[];
    expect(event).toMatchObject({ specversion: '1.0' });
  }, 60_000);
});
