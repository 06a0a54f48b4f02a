import { createHash } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { documentContent } from '../../local/graphSimulator/world/documentContent';
import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { armDeath, requireProxy } from '../support/armDeath';
import { deriveCrashPoints, nameCrashPoint } from '../support/crashPoints';
import { eventsOf } from '../support/flowRules';
import { startFlow, WORK_QUEUES, type Customer, type Flow } from '../support/startFlow';
import { PAST_LEASES_MS, untilQueueEmpty } from '../support/untilQueueEmpty';

/** Three blocks of 4 MiB at most. */
const SIZE = 10_000_000;
const STAGE = 'blob.PUT block';
const COMMIT = 'blob.PUT blocklist';
const BLOCK_CALLS = [STAGE, STAGE, STAGE, COMMIT];

/** Kills the host with SIGKILL before and after each block of a document, and before and after their commit. */
describe('a host that dies while it archives a document', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ proxy: true, clock: true });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  async function print(seed: string): Promise<Customer> {
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const { tenantId, printerId } = customer;
    const rules = [{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }];
    const blobs = await flow.services.configBlobs();
    await blobs.write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, rules }));
    await flow.control.print(tenantId, { printerId, documents: [{ seed, size: SIZE }] });
    return customer;
  }

  it('stores it whole, and sends one event', async () => {
    const proxy = requireProxy(flow);
    const since = proxy.mark();
    const clean = await print('clean');
    await flow.untilQuiet();
    await untilQueueEmpty(flow, WORK_QUEUES);
    expect(await faultsOf(clean, 'clean')).toEqual([]);
    const calls = proxy.calls({ since }).filter(isBlockCall);
    expect(calls.map(({ effect }) => effect)).toEqual(BLOCK_CALLS);
    const failures: string[] = [];
    for (const point of deriveCrashPoints(calls)) {
      const name = nameCrashPoint(point);
      const die = armDeath(flow, point, isBlockCall);
      const customer = await print(name);
      await die();
      const [blob] = await blobsOf(customer);
      // The commit is the one call that makes the blob appear.
      const isCommitted = point.effect === COMMIT && point.when === 'after';
      if ((blob !== undefined) !== isCommitted) failures.push(`${name}: a blob is there: ${blob !== undefined}`);
      flow.cloud.clock?.move(PAST_LEASES_MS);
      await untilQueueEmpty(flow, WORK_QUEUES);
      failures.push(...(await faultsOf(customer, name)).map((fault) => `${name}: ${fault}`));
    }
    expect(failures).toEqual([]);
  }, 300_000);

  async function blobsOf({ tenantId }: Customer): Promise<string[]> {
    const service = BlobServiceClient.fromConnectionString(flow.cloud.connectionString);
    const container = service.getContainerClient('documents');
    const hashes: string[] = [];
    for await (const { name } of container.listBlobsFlat({ prefix: tenantId })) {
      const content = await container.getBlobClient(name).downloadToBuffer();
      hashes.push(createHash('sha256').update(content).digest('hex'));
    }
    return hashes;
  }

  async function faultsOf(customer: Customer, seed: string): Promise<string[]> {
    const hash = createHash('sha256');
    for (const chunk of documentContent(seed, SIZE)) hash.update(chunk);
    const sha256 = hash.digest('hex');
    const events = await eventsOf(flow, customer);
    const blobs = await blobsOf(customer);
    const [event] = events;
    const archived = JSON.stringify(event?.data['archived'] ?? null);
    const faults: string[] = [];
    if (JSON.stringify(blobs) !== JSON.stringify([sha256])) faults.push(`${blobs.length} blobs, or another content`);
    if (events.length !== 1) faults.push(`${events.length} events`);
    if (event?.data['outcome'] !== 'archived' || !archived.includes(sha256)) faults.push(`its event says ${archived}`);
    if ((await flow.queues.length('print-archive-poison')) > 0) faults.push('a message is in poison');
    return faults;
  }
});

function isBlockCall({ target, effect, resource }: ProxyCall): boolean {
  return target === 'blob' && resource === 'documents' && [STAGE, COMMIT].includes(effect);
}
