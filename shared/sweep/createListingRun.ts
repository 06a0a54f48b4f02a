import { errorFields } from '../errors';
import { GraphError } from '../graph/graphError';
import { judgeListingError } from './judgeListingError';
import type { SweepDeps } from './sweepDeps';
import type { TenantSweep } from './tenantSweep';

/** Listings of one tenant side by side. */
export const LISTINGS_AT_ONCE = 4;
/** Up to here the listings of a tenant follow one another at once. */
const SMALL_TENANT = 60;
/** The spacing of the listings of a large tenant, and the time that all of them together may take by it. */
const LONGEST_GAP_MS = 250;
const LONGEST_SPREAD_MS = 4 * 60_000;
/** One listing that Graph cannot serve may be that listing's fault; so many are an outage, at 45 s each. */
const MOST_UNAVAILABLE = 3;

/** The listings of one tenant in one sweep: what each failure means for those that follow. */
export interface ListingRun {
  /**
   * Runs one listing; undefined when it failed or was not started any more.
   *
   * @param options isExpected: a failure that says nothing new, kept out of the report
   * @throws what was not Graph's doing
   */
  attempt<T>(
    of: string,
    listing: () => Promise<T>,
    options?: { isExpected?: (error: unknown) => boolean },
  ): Promise<T | undefined>;
  /** Says how many listings are to come, so that those of a large tenant are spread over time. */
  expect(listings: number): void;
}

/** @param sweep where listings, failures and the outcome are noted */
export function createListingRun(deps: Pick<SweepDeps, 'clock' | 'logger'>, sweep: TenantSweep): ListingRun {
  const { tenantId } = sweep;
  let gapMs = 0;
  let unavailable = 0;
  return {
    expect(listings) {
      gapMs = listings > SMALL_TENANT ? Math.min(LONGEST_GAP_MS, LONGEST_SPREAD_MS / listings) : 0;
    },
    async attempt(of, listing, { isExpected } = {}) {
      if (sweep.outcome !== 'swept') return undefined;
      if (gapMs > 0) await deps.clock.sleep(gapMs * LISTINGS_AT_ONCE);
      sweep.listings += 1;
      try {
        return await listing();
      } catch (error) {
        const kind = judgeListingError(error);
        if (kind === 'storage') throw error;
        if (kind === 'refused') sweep.outcome = 'refused';
        if (kind === 'unavailable') unavailable += 1;
        // Others of this tenant may have been under way: the first one that stops it says why.
        if ((kind === 'postpone' || unavailable >= MOST_UNAVAILABLE) && sweep.outcome === 'swept') {
          sweep.outcome = 'postponed';
        }
        if (kind === 'postpone' || isExpected?.(error)) {
          deps.logger.info('sweep.listingPassedOver', { ...errorFields(error), tenantId, of });
          return undefined;
        }
        sweep.failures.push({ of, error: (error as Error).message });
        deps.logger.warn('sweep.listingFailed', { ...errorFields(error), tenantId, of });
        return undefined;
      }
    },
  };
}

/** Whether the app lacks the permission for a listing, which is no fault where nothing needs it. */
export function isForbidden(error: unknown): boolean {
  return error instanceof GraphError && error.code === 'graphForbidden';
}
