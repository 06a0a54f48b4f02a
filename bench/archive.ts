import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { BlobServiceClient } from '@azure/storage-blob';
import { documentContent } from '../local/graphSimulator/world/documentContent';
import { createStorage, startAzurite } from '../local/startAzurite';
import { isRecord } from '../shared/parse';
import { medianRatio, exact, type Pair, type Part } from './figures';

/** The largest document of Universal Print (universal-print/fundamentals/universal-print-limits). */
const SIZE = 1_000_000_000;
const PAIRS = 3;

/**
 * A document of 1 GB from an http server into Azurite on disk, by the product and by a bare `uploadStream`, each in a process of
 * its own.
 */
export const archive: Part = {
  title: 'the archive of a document of 1 GB',
  figures: {
    archive_memory: { what: 'memory that a process needs beyond its own to archive 1 GB', unit: 'MiB', bar: 96 },
    archive_time: { what: 'archiving 1 GB against the same download piped into uploadStream', unit: 'ratio', bar: 1.3 },
  },
  async measure({ root }) {
    const folder = await mkdtemp(join(tmpdir(), 'bench-archive-'));
    const server = http.createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/pdf', 'content-length': SIZE });
      // A client that ends early fails the measurement itself.
      pipeline(Readable.from(documentContent('bench', SIZE), { objectMode: false }), response).catch(() => undefined);
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
    const azurite = await startAzurite({ root, folder });
    try {
      const { connectionString } = azurite;
      await createStorage(connectionString);
      const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('documents');
      const run = async (way: 'ours' | 'baseline', id: string) => {
        const measured = await runOnce(root, [way, `http://127.0.0.1:${port}/`, connectionString, id]);
        for await (const { name, properties } of container.listBlobsFlat()) {
          if (properties.contentLength !== SIZE) throw new Error(`${way} stored ${properties.contentLength} bytes`);
          await container.deleteBlob(name);
        }
        return measured;
      };
      const pairs: Pair[] = [];
      const memory: number[] = [];
      for (let n = 0; n < PAIRS; n += 1) {
        const ours = await run('ours', `${n}`);
        const baseline = await run('baseline', `${n}`);
        pairs.push({ ours: ours.ms, baseline: baseline.ms });
        memory.push(ours.extraMib);
      }
      const details = pairs.map(({ ours, baseline }) => `${Math.round(ours)} ms against ${Math.round(baseline)} ms`);
      return {
        archive_memory: exact(Math.round(Math.max(...memory))),
        archive_time: { ...medianRatio(pairs), details },
      };
    } finally {
      await azurite.stop();
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function runOnce(root: string, args: readonly string[]): Promise<{ ms: number; extraMib: number }> {
  const program = join(root, 'dist', 'bench', 'archiveRun.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, ...args]);
  const measured: unknown = JSON.parse(stdout);
  const { ms, extraMib } = isRecord(measured) ? measured : {};
  if (typeof ms !== 'number' || typeof extraMib !== 'number') throw new Error(`No measurement: ${stdout}`);
  return { ms, extraMib };
}
