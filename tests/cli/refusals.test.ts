import { ReceiverError } from '../../shared/errors';
import { describeRefusal, readEntraRefusal } from '../../shared/graph/refusals';
import { reconcileAll } from '../../shared/subscriptions/reconcileAll';
import { createCliWorld } from '../support/createCliWorld';
import { createJobWorker, FETCHABLE, START, TRACEPARENT } from '../support/createJobWorker';
import { TENANT } from '../support/createSubscriptionWorld';
import { formatJobMessage } from '../../shared/jobs/message';

const IDS = 'request id trace-1, correlation id correlation-1';
const ANSWER = {
  error: 'invalid_client',
  error_description: 'AADSTS7000222: words of Entra \u001b[2J',
  trace_id: 'trace-1',
  correlation_id: 'correlation-1',
};

function refused(): ReceiverError {
  const words = describeRefusal(readEntraRefusal(JSON.stringify(ANSWER)));
  return new ReceiverError('tokenRefused', `No token for tenant ${TENANT}: Entra returned 401 (${words})`);
}

describe('a refusal of Entra', () => {
  it('is on subscriptions list, tenants show and status with code and ids', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.put();
    world.graph.nextError('POST', refused());
    await reconcileAll(world.deps);
    for (const argv of [
      ['subscriptions', 'list'],
      ['tenants', 'show', TENANT],
    ]) {
      const { stdout } = await world.run(...argv);
      expect(stdout).toContain('AADSTS7000222: the client secret has expired');
      expect(stdout).toContain(IDS);
      expect(stdout).not.toContain('words of Entra');
    }
    expect((await world.run('status')).stdout).toContain(`Customer ${TENANT} refuses the app: No token for tenant`);
    expect(world.logger.events).toContainEqual(
      expect.objectContaining({ event: 'tenant.accessRefused', message: expect.stringContaining(IDS) as string }),
    );
  });

  it('is on jobs show until the job is done', async () => {
    const worker = await createJobWorker();
    worker.printFetchable();
    let isRefused = true;
    const callGraph: typeof worker.deps.callGraph = (call) =>
      isRefused ? Promise.reject(refused()) : worker.deps.callGraph(call);
    const process = worker.startProcess({ callGraph });
    const input: unknown = JSON.parse(
      formatJobMessage({
        reference: FETCHABLE,
        foundBy: 'graph',
        receivedAt: START,
        traceparent: TRACEPARENT,
        deferrals: 0,
      }),
    );
    await expect(worker.process(input, process)).rejects.toMatchObject({ code: 'tokenRefused' });
    const cli = createCliWorld();
    const row = await worker.row(FETCHABLE);
    if (row) await cli.ledger.insert(FETCHABLE, row);
    const { stdout } = await cli.run('jobs', 'show', FETCHABLE.jobId, '--tenant', TENANT);
    expect(stdout).toContain('it failed (tokenRefused)');
    expect(stdout).toMatch(/last refusal: No token .*AADSTS7000222: the client secret has expired/);
    expect(stdout).toContain(IDS);
    isRefused = false;
    expect(await worker.process(input, process)).toBe('done');
    expect(await worker.row(FETCHABLE)).not.toHaveProperty('lastRefusal');
  });
});
