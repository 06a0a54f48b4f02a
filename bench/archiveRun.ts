/**
 * Stores one document in a process of its own and prints { ms, extraMib }: with the product, or piped into `uploadStream`.
 * Arguments: `ours` or `baseline`, the address of the document, the connection string, an id of the job.
 */
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { BlobServiceClient } from '@azure/storage-blob';
import { createOpenDownload } from '../shared/archive/download';
import { storeDocuments } from '../shared/archive/storeDocuments';
import type { CallGraph } from '../shared/graph/client';
import { createAzureDocuments } from '../shared/storage/documents';

const [mode = '', address = '', connectionString = '', jobId = ''] = process.argv.slice(2);
const MIB = 1024 * 1024;
const SAMPLE_EVERY_MS = 10;

const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('documents');

/** As Graph: a job with one document, and the address of its content. */
function graphOf(url: string): CallGraph {
  return ({ path }) =>
    Promise.resolve(
      path.endsWith('/$value')
        ? { status: 302, body: undefined, location: url }
        : { status: 200, body: { id: jobId, documents: [{ id: 'document', contentType: 'application/pdf' }] } },
    );
}

const ways: Readonly<Record<string, (url: string, job: string) => Promise<unknown>>> = {
  ours: (url) => {
    const deps = {
      callGraph: graphOf(url),
      openDownload: createOpenDownload(),
      documents: createAzureDocuments(container),
    };
    return storeDocuments(deps, { tenantId: 'tenant', printerId: 'printer', jobId }, new AbortController().signal);
  },
  baseline: (url, job) =>
    new Promise((resolve, reject) => {
      http
        .get(url, (answer) => {
          container.getBlockBlobClient(`baseline/${job}`).uploadStream(answer).then(resolve, reject);
        })
        .on('error', reject);
    }),
};

const store = ways[mode];
if (!store) throw new Error(`There is no way ${mode}`);
// Opens the connection to storage and loads code, so that neither is measured.
await container.getBlobClient('none').exists();
globalThis.gc?.();
const before = process.memoryUsage.rss();
let most = before;
const sampling = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), SAMPLE_EVERY_MS);
const startedAt = performance.now();
await store(address, jobId);
const ms = performance.now() - startedAt;
clearInterval(sampling);
console.log(JSON.stringify({ ms, extraMib: (most - before) / MIB }));
process.exit(0);
