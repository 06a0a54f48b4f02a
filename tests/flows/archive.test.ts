import { createHash } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { documentContent } from '../../local/graphSimulator/world/documentContent';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { eventually } from '../support/eventually';
import { eventsOf, outcomesOf, storeRules, storeWishOf, untilEventsOf } from '../support/flowRules';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { untilNothingWaits } from '../support/untilQueueEmpty';

const SIZE = 20_000_000;
/** A download address of the simulator holds this parameter. */
const ADDRESS = /tempauthtoken|\/downloads\//;

jest.setTimeout(60_000);

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ clock: true });
}, 60_000);
afterAll(() => flow.stop(), 30_000);

/** What the simulator sends for a seed. */
function contentOf(seed: string, size: number): { size: number; sha256: string } {
  const hash = createHash('sha256');
  for (const chunk of documentContent(seed, size)) hash.update(chunk);
  return { size, sha256: hash.digest('hex') };
}

/** A customer whose fetchable jobs are archived. */
async function archiving(): Promise<Customer> {
  const customer = await flow.onboard(['jobFetchable'], { trigger: false });
  const rules = [{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }];
  const blobs = await flow.services.configBlobs();
  await blobs.write(rulesBlobOf(customer.tenantId), JSON.stringify({ version: 1, rules }));
  return customer;
}

async function print({ tenantId, printerId }: Customer, seed: string, size = SIZE): Promise<string> {
  const documents = [{ seed, size, contentType: 'application/pdf' }];
  const [job] = await flow.control.print(tenantId, { printerId, documents });
  return job?.jobId ?? '';
}

/** The stored blob that the last event of a customer names, read as the vendor reads it. */
async function readArchived(customer: Customer) {
  const [archived] = (await eventsOf(flow, customer)).at(-1)?.data['archived'] as Record<string, string>[];
  const { container = '', blob = '' } = archived ?? {};
  const service = BlobServiceClient.fromConnectionString(flow.cloud.connectionString);
  const client = service.getContainerClient(container).getBlobClient(blob);
  const content = await client.downloadToBuffer();
  const { contentDisposition, contentType, metadata } = await client.getProperties();
  const stored = { size: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  return { archived, blob, stored, contentDisposition, contentType, metadata };
}

async function downloadsOf(customer: Customer) {
  const calls = await flow.control.calls({ target: 'download' });
  return calls.filter(({ tenantId }) => tenantId === customer.tenantId);
}

async function blobsOf({ tenantId }: Customer): Promise<string[]> {
  const service = BlobServiceClient.fromConnectionString(flow.cloud.connectionString);
  const names: string[] = [];
  for await (const { name } of service.getContainerClient('documents').listBlobsFlat({ prefix: tenantId })) {
    names.push(name);
  }
  return names;
}

describe('a fetchable job that the rules archive', () => {
  afterEach(async () => {
    await flow.control.setVariants({ downloadUses: 'many', downloadLifetimeMs: 3_600_000 });
    await flow.control.clearFaults();
  });

  it('lies in the container documents as Graph sent it, and its event names it', async () => {
    const customer = await archiving();
    const jobId = await print(customer, 'whole');
    await untilEventsOf(flow, customer, 1);
    expect(await outcomesOf(flow, customer)).toEqual(['print.job.fetchable archived']);
    const { archived, blob, stored, ...properties } = await readArchived(customer);
    expect(stored).toEqual(contentOf('whole', SIZE));
    expect(archived).toMatchObject({ ...stored, contentType: 'application/pdf' });
    expect(blob).toMatch(new RegExp(`^${customer.tenantId}/${customer.printerId}/${jobId}/[^/]+$`));
    expect(properties).toMatchObject({
      contentDisposition: 'attachment',
      contentType: 'application/pdf',
      metadata: { sha256: stored.sha256, size: String(SIZE) },
    });
  });

  it.each([
    ['an address that is good once', () => flow.control.setVariants({ downloadUses: 'once' }), 1],
    [
      'a download that breaks',
      () => flow.control.addFault({ target: 'download', action: { type: 'break', bytes: 9e6 } }),
      2,
    ],
    [
      'an address that is refused',
      () => flow.control.addFault({ target: 'download', action: { type: 'status', status: 403 } }),
      2,
    ],
    ['a connection that is reset', () => flow.control.addFault({ target: 'download', action: { type: 'reset' } }), 2],
  ])('is archived whole over %s', async (name, arrange, downloads) => {
    const customer = await archiving();
    await arrange();
    await print(customer, name);
    await untilEventsOf(flow, customer, 1);
    expect(await outcomesOf(flow, customer)).toEqual(['print.job.fetchable archived']);
    expect((await readArchived(customer)).stored).toEqual(contentOf(name, SIZE));
    expect(await downloadsOf(customer)).toHaveLength(downloads);
  });

  it('has its event without an archive when each address has expired', async () => {
    const customer = await archiving();
    await flow.control.setVariants({ downloadLifetimeMs: 0 });
    await print(customer, 'expired', 1_000);
    await eventually('the first run', async () => (await downloadsOf(customer))[2]);
    await flow.untilQuiet();
    await untilNothingWaits(flow, 30_000);
    expect(await outcomesOf(flow, customer)).toEqual(['print.job.fetchable archiveFailed']);
    expect((await eventsOf(flow, customer))[0]?.data['refused']).toMatchObject({
      action: 'archive',
      code: 'downloadBroken',
    });
    expect(await blobsOf(customer)).toEqual([]);
  });

  it('delays no release: one of another customer overtakes a download that crawls', async () => {
    const slow = await archiving();
    const other = await flow.onboard(['jobStarted']);
    // Three megabytes at this pace take at least three seconds.
    const fault = { target: 'download', tenantId: slow.tenantId } as const;
    await flow.control.addFault({ ...fault, action: { type: 'crawl', bytesPerSecond: 1_000_000 } });
    await print(slow, 'slow', 3_000_000);
    await eventually('the download', async () => {
      return (await downloadsOf(slow))[0];
    });
    await flow.control.print(other.tenantId, { printerId: other.printerId });
    await eventually('the release', async () => (await eventsOf(flow, other))[0]);
    expect(await eventsOf(flow, slow)).toEqual([]);
    await untilEventsOf(flow, slow, 1);
    expect(await outcomesOf(flow, slow)).toEqual(['print.job.fetchable archived']);
  });
});

describe.each(['shown', 'forbidden', 'notFound', 'conflict'] as const)(
  'a job that is held for an inspection, where its document before release is: %s',
  (documentBeforeRelease) => {
    beforeAll(() => flow.control.setVariants({ documentBeforeRelease }));
    const HOLD = { hold: { for: '4h', else: 'abort', document: true } };

    async function inspected(onFailure: string) {
      const customer = await flow.onboard(['jobStarted']);
      await storeRules(flow, customer, HOLD, { onFailure });
      const documents = [{ seed: onFailure, size: 100_000 }];
      const [job] = await flow.control.print(customer.tenantId, { printerId: customer.printerId, documents });
      const events = await untilEventsOf(flow, customer, 1);
      return { customer, data: events[0]?.data, taskId: job?.taskId ?? '' };
    }

    it.each(['release', 'abort'])('waits with its blob named, or ends by onFailure: %s', async (onFailure) => {
      const { customer, data, taskId } = await inspected(onFailure);
      const { tenantId, definitionId } = customer;
      if (documentBeforeRelease !== 'shown') {
        expect(data).toMatchObject({
          outcome: onFailure === 'release' ? 'released' : 'aborted',
          refused: { action: 'archive' },
        });
        expect(data).not.toHaveProperty('archived');
        return;
      }
      expect(data).toMatchObject({ outcome: 'held' });
      expect((await readArchived(customer)).stored).toEqual(contentOf(onFailure, 100_000));
      const key = { tenantId, rowKey: `jobStarted_${definitionId}_${taskId}` };
      await storeWishOf(flow, key, { action: 'release' });
      await untilEventsOf(flow, customer, 2);
      expect(await outcomesOf(flow, customer)).toEqual(['print.job.started held', 'print.job.ended released']);
    });
  },
);

it('logs no address of a document', () => {
  const lines = flow.cloud.hosts.flatMap((host) => host.lines());
  expect(lines.some((line) => line.includes('archive.stored'))).toBe(true);
  expect(lines.filter((line) => ADDRESS.test(line))).toEqual([]);
});
