import { errorFields, ReceiverError } from '../errors';
import type { SweepTime, SweepDeps, TenantSweep } from './sweepRun';
import { GraphError } from '../graph/errors';

/** Listings of one tenant side by side. */
export const LISTINGS_AT_ONCE = 4;
/** Up to here the listings of a tenant follow one another at once. */
const SMALL_TENANT = 60;
/** The spacing of the listings of a large tenant, and the time that all of them together may take by it. */
const LONGEST_GAP_MS = 250;
const LONGEST_SPREAD_MS = 4 * 60_000;
/**
 * One listing that Graph cannot serve may be that listing's fault; so many in a row are an outage, at 45 s each. As
 * reconciliation counts them; more than a few bad printers side by side, or each run would end at the same ones.
 */
const MOST_UNAVAILABLE = 4;
/** So many 403 and nothing else: the tenant granted a token and no permission, and the rest would end alike. */
const MOST_FORBIDDEN = 4;

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
  /**
   * Those that follow are of another kind (definitions, printers): what Graph could not serve before says nothing of them,
   * unless it has served nothing at all.
   */
  beginKind(): void;
  /** Whether any listing was gone through to its end. */
  hasListed(): boolean;
  /** Nothing more is to come: a tenant that let nothing of it in was not swept, see `giveUp`. */
  settle(): void;
  /** Leaves the rest of the tenant to a later run: `refused` after nothing but 403, `postponed` in an outage. */
  giveUp(): void;
}

/**
 * @param sweep where listings, failures and the outcome are noted
 * @param time of the run that the tenant is swept in
 */
export function createListingRun(
  deps: Pick<SweepDeps, 'clock' | 'logger'>,
  sweep: TenantSweep,
  time: Pick<SweepTime, 'spreadMs'>,
): ListingRun {
  const { tenantId } = sweep;
  let gapMs = 0;
  /** In a row, of one kind. */
  let unavailable = 0;
  let wasUnavailable = false;
  let forbidden = 0;
  let listed = 0;
  /** Graph answered something about the tenant that it would not tell a stranger. */
  let isLetIn = false;
  const nothing = () => undefined;
  const underWay = new Set<Promise<unknown>>();
  let isStopped = false;
  // Others of this tenant may have been under way: the first one that stops it says why.
  const stop = (outcome: TenantSweep['outcome']) => {
    if (!isStopped) sweep.outcome = outcome;
    isStopped = true;
  };
  const giveUp = () => stop(forbidden > 0 && !wasUnavailable ? 'refused' : 'postponed');
  const isCutOff = () => unavailable >= MOST_UNAVAILABLE;
  const perform = async <T>(
    of: string,
    listing: () => Promise<T>,
    isExpected?: (error: unknown) => boolean,
  ): Promise<T | undefined> => {
    sweep.listings += 1;
    try {
      const result = await listing();
      isLetIn = true;
      listed += 1;
      unavailable = 0;
      return result;
    } catch (error) {
      const kind = judgeListingError(error);
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
      if (!isLetIn && forbidden >= MOST_FORBIDDEN) giveUp();
      if (kind === 'postpone' || isExpected?.(error)) {
        deps.logger.info('sweep.listingPassedOver', { ...errorFields(error), tenantId, of });
        return undefined;
      }
      sweep.failures.push({ of, error: (error as Error).message });
      deps.logger.warn('sweep.listingFailed', { ...errorFields(error), tenantId, of });
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
    async attempt(of, listing, { isExpected } = {}) {
      if (gapMs > 0 && !isStopped && !isCutOff()) await deps.clock.sleep(gapMs * LISTINGS_AT_ONCE);
      // After a 403 one at a time, until one is let in: of several side by side the fastest would decide.
      while (forbidden > 0 && !isLetIn && underWay.size > 0) await Promise.race(underWay);
      if (isStopped) return undefined;
      if (isCutOff()) {
        // Noted only here: where none was left, all were looked at.
        sweep.outcome = 'postponed';
        return undefined;
      }
      const performed = perform(of, listing, isExpected);
      const ended = performed.then(nothing, nothing);
      underWay.add(ended);
      try {
        return await performed;
      } finally {
        underWay.delete(ended);
      }
    },
  };
}

/**
 * What an error of one listing means for the rest of its tenant: `listing`: this one only; `forbidden`: this one, unless
 * all end so; `unavailable`: Graph could not serve it; `postpone`: the rest would be refused too, the next run looks
 * again; `refused`: so would everything of this tenant until somebody changes something; `storage`: not Graph's doing.
 */
export type ListingErrorKind = 'listing' | 'forbidden' | 'unavailable' | 'postpone' | 'refused' | 'storage';

export function judgeListingError(error: unknown): ListingErrorKind {
  if (!(error instanceof ReceiverError)) return 'storage';
  if (error.code === 'tokenUnavailable') return 'postpone';
  if (error.code === 'tokenRefused') return 'refused';
  // The time of this run is up.
  if (error.code === 'deadlinePassed') return 'postpone';
  if (!(error instanceof GraphError)) return 'storage';
  switch (error.code) {
    case 'graphThrottled':
      return 'postpone';
    case 'graphUnauthorized':
      return 'refused';
    case 'graphForbidden':
      return 'forbidden';
    case 'graphUnavailable':
      return 'unavailable';
    default:
      return 'listing';
  }
}
