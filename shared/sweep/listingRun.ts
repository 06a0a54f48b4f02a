import { errorFields, ReceiverError, type ErrorCode } from '../errors';
import type { SweepTime, SweepDeps, TenantSweep } from './sweepRun';
import { GraphError } from '../graph/errors';

/** Listings of one tenant side by side. */
export const LISTINGS_AT_ONCE = 4;
/** A tenant with at most this many listings is listed without pauses. */
const SMALL_TENANT = 60;
/**
 * The pause between the listings of a large tenant, and the most that all pauses together may take. Graph publishes no limit
 * for print. 400 listings in 20 s stay below the narrowest limit of an app and tenant that it publishes for requests by id:
 * 500 in 20 s (concepts/throttling-limits.md).
 */
const LONGEST_GAP_MS = 50;
const LONGEST_SPREAD_MS = 4 * 60_000;
/**
 * One unavailable listing may be the fault of that listing. This many in a row are an outage, at 45 s each. More than a few
 * broken printers side by side, so that not every run ends at the same ones.
 */
const MOST_UNAVAILABLE = 4;
/** This many 403 and no success: the tenant granted no permission, and the rest would be refused too. */
const MOST_FORBIDDEN = 4;

/** The listings of one tenant in one sweep, and what each failure means for the following ones. */
export interface ListingRun {
  /**
   * Runs one listing. Undefined when it failed or was not started.
   *
   * @param isExpected true for a failure that is not reported
   * @throws errors of storage
   */
  attempt<T>(of: string, listing: () => Promise<T>, isExpected?: (error: unknown) => boolean): Promise<T | undefined>;
  /** Announces this many listings, so that those of a large tenant are spread over time. */
  expect(listings: number): void;
  /** The share of one worker in that spread before so many listings, where `workers` list side by side. */
  pause(listings: number, workers: number): Promise<void>;
  /** No listing starts any more. */
  isOver(): boolean;
  /** The following listings are of another kind (definitions, printers): earlier outages do not count, after a success. */
  beginKind(): void;
  /** Whether any listing was completed. */
  hasListed(): boolean;
  /** No listing follows. A tenant without any success was not swept, see `giveUp`. */
  settle(): void;
  /** Leaves the rest of the tenant to a later run: `refused` after nothing but 403, `postponed` in an outage. */
  giveUp(): void;
}

/**
 * @param sweep where listings, failures and the outcome are noted
 * @param time of the run that the tenant is swept in
 * @param isWhole the run lists all watches of the tenant: only then nothing but 403 means that the tenant refuses the app
 */
export function createListingRun(
  deps: Pick<SweepDeps, 'clock' | 'logger'>,
  sweep: TenantSweep,
  time: Pick<SweepTime, 'spreadMs'>,
  isWhole = true,
): ListingRun {
  const { tenantId } = sweep;
  let gapMs = 0;
  /** In a row, of one kind. */
  let unavailable = 0;
  let wasUnavailable = false;
  let forbidden = 0;
  let listed = 0;
  /** Graph has answered a call that needs a permission in this tenant. */
  let isLetIn = false;
  const inProgress = new Set<Promise<unknown>>();
  let isStopped = false;
  // Several listings may fail side by side: the first one decides the outcome.
  const stop = (outcome: TenantSweep['outcome']) => {
    if (!isStopped) sweep.outcome = outcome;
    isStopped = true;
  };
  const giveUp = () => stop(forbidden > 0 && !wasUnavailable && isWhole ? 'refused' : 'postponed');
  const isCutOff = () => unavailable >= MOST_UNAVAILABLE;
  const perform: ListingRun['attempt'] = async (of, listing, isExpected) => {
    sweep.listings += 1;
    try {
      const result = await listing();
      isLetIn = true;
      listed += 1;
      unavailable = 0;
      return result;
    } catch (error) {
      const kind = classifyListingError(error);
      if (kind === 'storage') throw error;
      if (kind === 'listing') isLetIn = true;
      if (kind === 'refused') {
        isStopped = true;
        sweep.outcome = 'refused';
      }
      if (kind === 'unavailable') {
        unavailable += 1;
        wasUnavailable = true;
      }
      if (kind === 'forbidden') forbidden += 1;
      if (kind === 'postpone') stop('postponed');
      if (error instanceof GraphError && error.code === 'graphThrottled') sweep.wasThrottled = true;
      if (!isLetIn && forbidden >= MOST_FORBIDDEN) giveUp();
      const fields = { ...errorFields(error), tenantId, of };
      if (kind === 'postpone' || isExpected?.(error)) {
        deps.logger.info('sweep.listingPassedOver', fields);
      } else {
        sweep.failures.push({ of, error: (error as Error).message });
        deps.logger.warn('sweep.listingFailed', fields);
      }
      return undefined;
    }
  };
  return {
    expect(listings) {
      const spreadMs = Math.min(LONGEST_SPREAD_MS, time.spreadMs());
      gapMs = listings > SMALL_TENANT ? Math.min(LONGEST_GAP_MS, spreadMs / listings) : 0;
    },
    beginKind() {
      if (isLetIn) unavailable = 0;
    },
    hasListed: () => listed > 0,
    settle() {
      if (!isLetIn) giveUp();
    },
    giveUp,
    async pause(listings, workers) {
      if (gapMs > 0 && !isStopped && !isCutOff()) await deps.clock.sleep(gapMs * listings * workers);
    },
    isOver: () => isStopped || isCutOff(),
    async attempt(of, listing, isExpected) {
      // After a 403 one at a time until a success: of several side by side the fastest would decide.
      while (forbidden > 0 && !isLetIn && inProgress.size > 0) await Promise.race(inProgress);
      if (isStopped) return undefined;
      if (isCutOff()) {
        // Only here: without a further listing, the sweep is complete.
        sweep.outcome = 'postponed';
        return undefined;
      }
      const performed = perform(of, listing, isExpected);
      const ended = performed.catch(() => undefined);
      inProgress.add(ended);
      try {
        return await performed;
      } finally {
        inProgress.delete(ended);
      }
    },
  };
}

/**
 * What an error of one listing means for the rest of its tenant. `listing`: nothing. `forbidden`: nothing, unless all end so.
 * `unavailable`: Graph is unavailable. `postpone`: the rest would fail too, and the next run retries. `refused`: the tenant
 * refuses everything until a person acts. `storage`: not an error of Graph.
 */
export type ListingErrorKind = 'listing' | 'forbidden' | 'unavailable' | 'postpone' | 'refused' | 'storage';

const KINDS: Partial<Record<ErrorCode, ListingErrorKind>> = {
  tokenUnavailable: 'postpone',
  tokenRefused: 'refused',
  deadlinePassed: 'postpone',
  graphThrottled: 'postpone',
  graphUnauthorized: 'refused',
  graphForbidden: 'forbidden',
  graphUnavailable: 'unavailable',
};

export function classifyListingError(error: unknown): ListingErrorKind {
  if (!(error instanceof ReceiverError)) return 'storage';
  return KINDS[error.code] ?? (error instanceof GraphError ? 'listing' : 'storage');
}
