import type { Tenant, TenantStatus } from '../tenants/tenants';

/** How the sweep of one tenant ended. */
export interface TenantSweep {
  tenantId: string;
  /** As it was when its turn came. */
  status: TenantStatus;
  /**
   * `postponed`: Graph throttled or could not serve it, or the time of the run was up before all of it was looked at; the
   * next run looks at the rest. `refused`: Entra or Graph will
   * have nothing of this tenant, or its first listings were all forbidden and the rest was left. `error`: storage failed on the way.
   */
  outcome: 'swept' | 'postponed' | 'refused' | 'error';
  /** Listings that were asked for, pages not counted. */
  listings: number;
  /** Open tasks and ready jobs that Graph showed. */
  seen: number;
  /** How many of them were put on the queue. */
  enqueued: number;
  /** Jobs in the ledger that Graph did not tell of in time. */
  lostByGraph: number;
  /** Printers whose new jobs carry no task of ours any more. */
  triggersLost: string[];
  /** Listings that failed by themselves, in words. */
  failures: { of: string; error: string }[];
}

/** A sweep that has not begun yet. */
export function emptySweep({ tenantId, status }: Pick<Tenant, 'tenantId' | 'status'>): TenantSweep {
  return {
    tenantId,
    status,
    outcome: 'swept',
    listings: 0,
    seen: 0,
    enqueued: 0,
    lostByGraph: 0,
    triggersLost: [],
    failures: [],
  };
}

/** One listing that has been gone through. */
export interface SweepProgress {
  tenantId: string;
  /** RowKey of the watch, or of the one that a definition would have. */
  of: string;
  seen: number;
  enqueued: number;
}
