import type { Clock } from '../clock';
import type { CallGraph } from '../graph/client';
import { createReadAccess } from '../jobs/access';
import type { Ledger } from '../jobs/ledger';
import type { DocumentContainer } from '../storage/documents';
import type { Tenants } from '../tenants/tenants';
import type { Watches } from '../watches/watches';
import type { ArchiveDeps } from './archiveDocument';
import { createOpenDownload } from './download';
import { createTransfers } from './transfers';

/** What the archive is built from. */
export interface ArchiveParts {
  documents: DocumentContainer;
  tenants: Tenants;
  watches: Watches;
  ledger: Ledger;
  callGraph: CallGraph;
  queues: ArchiveDeps['queues'];
  clock: Clock;
}

/** The dependencies of the archive, with the places of this process. */
export function openArchive(parts: ArchiveParts): Omit<ArchiveDeps, 'logger'> {
  const { documents, tenants, watches, ledger, callGraph, queues, clock } = parts;
  return {
    ledger,
    readAccess: createReadAccess({ tenants, watches, clock }),
    callGraph,
    openDownload: createOpenDownload(),
    documents,
    transfers: createTransfers(),
    queues,
    clock,
    random: Math.random,
  };
}
