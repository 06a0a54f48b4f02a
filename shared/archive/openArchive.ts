import type { Clock } from '../clock';
import type { StorageConfig } from '../config';
import type { CallGraph } from '../graph/client';
import { createReadAccess } from '../jobs/access';
import type { Ledger } from '../jobs/ledger';
import { openDocuments } from '../storage/documents';
import type { Tenants } from '../tenants/tenants';
import type { Watches } from '../watches/watches';
import type { ArchiveDeps } from './archiveDocument';
import { createOpenDownload } from './download';
import { createTransfers } from './transfers';

/** What the archive is built from. */
export interface ArchiveParts {
  storage: StorageConfig;
  tenants: Tenants;
  watches: Watches;
  ledger: Ledger;
  callGraph: CallGraph;
  queues: ArchiveDeps['queues'];
  clock: Clock;
}

/** The dependencies of the archive, with the places of this process. */
export async function openArchive(parts: ArchiveParts): Promise<Omit<ArchiveDeps, 'logger'>> {
  const { storage, tenants, watches, ledger, callGraph, queues, clock } = parts;
  return {
    ledger,
    readAccess: createReadAccess({ tenants, watches, clock }),
    callGraph,
    openDownload: createOpenDownload(),
    documents: await openDocuments(storage),
    transfers: createTransfers(),
    queues,
    clock,
    random: Math.random,
  };
}
