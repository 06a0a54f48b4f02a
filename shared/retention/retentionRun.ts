import type { Clock } from '../clock';
import type { Ledger } from '../jobs/ledger';
import type { Logger } from '../logger';
import type { DocumentContainer } from '../storage/documents';
import type { Tenants } from '../tenants/tenants';

export interface RetentionDeps {
  tenants: Pick<Tenants, 'list' | 'update'>;
  ledger: Pick<Ledger, 'get' | 'getWithoutJob' | 'replace' | 'listByDay' | 'removeEnded'>;
  documents: Pick<DocumentContainer, 'list' | 'remove'>;
  clock: Pick<Clock, 'now'>;
  /** 0 to 1. */
  random: () => number;
  logger: Logger;
}

/** What one run did, for its log line. */
export interface RetentionSummary {
  tenants: number;
  /** Rows removed from the ledger. */
  rows: number;
  /** Rows that are old enough and stay, because the work on their job has not ended. */
  rowsKept: number;
  /** Rows that lost what they said of people. */
  rowsBlanked: number;
  /** Documents removed. */
  documents: number;
  /** Customers for whom a part failed. */
  failed: number;
  /** The time of the run was over before its work. The next run continues. */
  timeUp: boolean;
}

/** What the parts of a run share. */
export interface RetentionRun {
  summary: RetentionSummary;
  isUp: () => boolean;
}
