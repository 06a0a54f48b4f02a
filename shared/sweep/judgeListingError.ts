import { GraphError } from '../graph/errors';
import { ReceiverError } from '../errors';

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
