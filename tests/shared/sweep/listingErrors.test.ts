import { ReceiverError, type ErrorCode } from '../../../shared/errors';
import { classifyListingError } from '../../../shared/sweep/listingRun';
import { GraphError } from '../../../shared/graph/errors';

const graph = (code: ErrorCode) => new GraphError(code, 'x');
const ours = (code: ErrorCode) => new ReceiverError(code, 'x');

it.each([
  [graph('graphThrottled'), 'postpone'],
  [graph('graphUnavailable'), 'unavailable'],
  [graph('graphUnauthorized'), 'refused'],
  [graph('graphForbidden'), 'forbidden'],
  [graph('graphNotFound'), 'listing'],
  [graph('graphAnswerUnreadable'), 'listing'],
  [ours('tokenUnavailable'), 'postpone'],
  [ours('tokenRefused'), 'refused'],
  [ours('deadlinePassed'), 'postpone'],
  [ours('storageUnavailable'), 'storage'],
  [new Error('x'), 'storage'],
] as const)('%#: %s', (error, kind) => {
  expect(classifyListingError(error)).toBe(kind);
});
