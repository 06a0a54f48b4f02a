import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { baseEnvironment, startProcess } from '../../local/processes';
import { ROOT, startFlow, type Flow } from '../support/startFlow';
import { CONSUMED, tryConsumer } from '../support/tryConsumer';

describe('consumers of events', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('examples/consumer-typescript processes a repeated event once, moves what fails to the poison queue, and stops cleanly', async () => {
    const main = join(ROOT, 'dist', 'examples', 'consumer-typescript', 'main.mjs');
    expect(await tryConsumer(flow, { args: [main] })).toEqual(CONSUMED);
  }, 60_000);

  it('listen forwards the event of a job to a backend on this machine, deletes it and ends at SIGTERM', async () => {
    const posted: unknown[] = [];
    const backend = createServer((request, response) => {
      void json(request).then((event) => {
        posted.push(event);
        response.writeHead(202).end('thanks');
      });
    });
    await new Promise<void>((resolve) => void backend.listen(0, '127.0.0.1', resolve));
    try {
      const { tenantId, printerId } = await flow.onboard(['jobStarted']);
      await flow.control.print(tenantId, { printerId });
      const url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/events`;
      const listening = await startProcess({
        name: 'listen',
        args: [join(ROOT, 'dist', 'cli', 'main.mjs'), 'listen', '--forward-to', url],
        env: { ...baseEnvironment(), ...flow.cloud.settings },
        readyLine: (line) => (line.startsWith('202 ') ? line : undefined),
      });
      expect(await listening.stop()).toEqual({ code: 143, signal: null });
      expect(listening.ready).toMatch(/^202 {2}\d+ ms {2}print\.job\.started {2}\S+ {2}deleted {2}thanks$/);
      expect(posted).toMatchObject([{ type: 'print.job.started', data: { tenantId, outcome: 'released' } }]);
      expect(await (await flow.services.queueContents('print-job-events')).count()).toBe(0);
    } finally {
      backend.close();
    }
  }, 60_000);
});
