import { archiveDocument, type ArchiveDeps } from '../../shared/archive/archiveDocument';
import type { OpenDownload } from '../../shared/archive/download';
import { createTransfers } from '../../shared/archive/transfers';
import { ReceiverError } from '../../shared/errors';
import { createReadAccess } from '../../shared/jobs/access';
import { createJobWorker } from './createJobWorker';
import { createMemoryDocuments } from './memoryDocuments';
import { createMemoryQueue } from './memoryQueue';

/** The worker and the archive in memory. */
export async function createArchive() {
  const worker = await createJobWorker();
  const { clock, ledger, tenants, watches, queues, world, logger } = worker;
  const documents = createMemoryDocuments();
  const poison = createMemoryQueue();
  const addresses: string[] = [];
  /** What the next downloads do; afterwards each is whole. */
  const downloads: ('broken' | 'refused')[] = [];
  const openDownload: OpenDownload = (address) => {
    addresses.push(address);
    const next = downloads.shift();
    if (next === 'refused') return Promise.reject(new ReceiverError('downloadBroken', 'The download answered 404'));
    return Promise.resolve({ content: contentOf(next === 'broken') });
  };
  const deps: ArchiveDeps = {
    ledger,
    readAccess: createReadAccess({ tenants, watches, clock }),
    callGraph: world.callGraph,
    openDownload,
    documents,
    transfers: createTransfers(),
    queues: { archive: queues.archive, jobs: queues.jobs, poison },
    clock: { now: () => clock.now(), sleep: (_ms, signal) => untilAborted(signal) },
    random: () => 0,
    logger,
  };
  return {
    ...worker,
    documents,
    archivePoison: poison,
    addresses,
    downloads,
    archiveDeps: deps,
    archive: (input: unknown, changes: Partial<ArchiveDeps> = {}) => archiveDocument({ ...deps, ...changes }, input),
    /** The message that was sent last to the archive, and to the queue of jobs. */
    lastArchive: (): unknown => JSON.parse(queues.archive.sent.at(-1)?.text ?? 'null') as unknown,
  };
}

export const CONTENT = 'the content of the document';

async function* contentOf(isBroken: boolean): AsyncGenerator<Buffer> {
  await Promise.resolve();
  yield Buffer.from(CONTENT);
  if (isBroken) throw new ReceiverError('downloadBroken', 'The download ended after 27 bytes');
}

/** A run that ends in time needs no renewal of its lease. */
function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_resolve, reject) => {
    const onAbort = () => reject(new Error('aborted'));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
