import { createHash } from 'node:crypto';
import { documentContent } from '../../../local/graphSimulator/world/documentContent';
import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph } = printing;
const control = () => printing.harness().control;

async function printDocument(document: { size?: number; seed?: string; contentType?: string } = {}, triggered = false) {
  const { plain, triggered: withTrigger } = printing.scene();
  const printerId = triggered ? withTrigger : plain;
  const [job] = await control().print(tenantA, { printerId, documents: [{ displayName: 'big', ...document }] });
  const path = `/printers/${printerId}/jobs/${job?.jobId ?? ''}`;
  const { documents } = (await graph('GET', `${path}?$expand=documents`)).body;
  const [shown = {}] = documents as Record<string, unknown>[];
  return { path, shown, value: `${path}/documents/${String(shown['id'])}/$value` };
}

async function addressOf(value: string): Promise<string> {
  const answer = await graph('GET', value);
  expect(answer.status).toBe(302);
  return answer.headers.get('location') ?? '';
}

const digest = (chunks: Iterable<Buffer>) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

describe('document content (api/printdocument-get-file.md)', () => {
  it('is a 302 to an address that works without and refuses with Authorization', async () => {
    const { path, shown, value } = await printDocument({ contentType: 'application/oxps', size: 200_000 });
    expect(shown).toMatchObject({ displayName: 'big', contentType: 'application/oxps', size: 200_000 });
    const location = await addressOf(value);
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    const content = await fetch(location);
    expect([content.status, content.headers.get('content-type')]).toEqual([200, 'application/oxps']);
    expect((await content.arrayBuffer()).byteLength).toBe(200_000);
    const { documents } = (await graph('GET', `${path}?$expand=documents`)).body;
    expect(documents).toMatchObject([{ downloadedDateTime: expect.any(String) as string }]);
    expect((await fetch(location.replace('tempauthtoken=', 'tempauthtoken=x'))).status).toBe(404);
    printing.harness().clock.aheadMs = 3_600_001;
    expect((await fetch(location)).status).toBe(404);
  });

  it('is not found for a document that does not exist', async () => {
    const { path } = await printDocument();
    expect((await graph('GET', `${path}/documents/none/$value`)).status).toBe(404);
  });

  it('is the same for the same seed, and another one for each document without', async () => {
    const read = async (document: { size: number; seed?: string }) => {
      const content = await fetch(await addressOf((await printDocument(document)).value));
      return digest([Buffer.from(await content.arrayBuffer())]);
    };
    const size = 150_001;
    const first = await read({ size, seed: 'plan' });
    expect(await read({ size, seed: 'plan' })).toBe(first);
    expect(digest(documentContent('plan', size))).toBe(first);
    expect(await read({ size })).not.toBe(first);
  });

  it('is made while it is sent, whatever its size', async () => {
    const size = 2 ** 30;
    const before = process.memoryUsage().arrayBuffers;
    const content = await fetch(await addressOf((await printDocument({ size })).value));
    expect(content.headers.get('content-length')).toBe(String(size));
    const reader = (content.body as ReadableStream<Uint8Array>).getReader();
    for (let bytes = 0; bytes < 10_000_000;) bytes += (await reader.read()).value?.length ?? NaN;
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(size / 4);
    await reader.cancel();
  });

  it('is reported without the token of its address', async () => {
    const location = new URL(await addressOf((await printDocument()).value));
    await fetch(location);
    const [download] = await control().calls({ target: 'download' });
    expect(download).toMatchObject({ tenantId: tenantA, path: location.pathname, status: 200 });
  });
});

describe('readings and faults of downloads', () => {
  it.each([
    ['shown', 302],
    ['forbidden', 403],
    ['notFound', 404],
    ['conflict', 409],
  ] as const)('before the release of the job, %s answers %i', async (documentBeforeRelease, status) => {
    await control().setVariants({ documentBeforeRelease });
    const { value } = await printDocument({}, true);
    expect((await graph('GET', value)).status).toBe(status);
  });

  it('makes an address good once, or for a shorter time', async () => {
    await control().setVariants({ downloadUses: 'once', downloadLifetimeMs: 5_000 });
    const { value } = await printDocument();
    const once = await addressOf(value);
    expect([(await fetch(once)).status, (await fetch(once)).status]).toEqual([200, 404]);
    const short = await addressOf(value);
    printing.harness().clock.aheadMs = 5_001;
    expect((await fetch(short)).status).toBe(404);
  });

  it('breaks a download after some bytes', async () => {
    await control().addFault({ target: 'download', action: { type: 'break', bytes: 100_000 } });
    const { value } = await printDocument({ size: 1_000_000 });
    const broken = await fetch(await addressOf(value));
    await expect(broken.arrayBuffer()).rejects.toThrow();
    expect((await (await fetch(await addressOf(value))).arrayBuffer()).byteLength).toBe(1_000_000);
  });

  it('lets a download crawl', async () => {
    await control().addFault({ target: 'download', action: { type: 'crawl', bytesPerSecond: 10_000 } });
    const address = await addressOf((await printDocument({ size: 4_000 })).value);
    const started = performance.now();
    const crawling = await fetch(address);
    expect((await crawling.arrayBuffer()).byteLength).toBe(4_000);
    // Four steps of 1,000 bytes with 100 ms after each.
    expect(performance.now() - started).toBeGreaterThan(300);
  });

  it('answers a download with a status', async () => {
    await control().addFault({ target: 'download', action: { type: 'status', status: 503 } });
    const location = await addressOf((await printDocument()).value);
    expect([(await fetch(location)).status, (await fetch(location)).status]).toEqual([503, 200]);
  });
});
