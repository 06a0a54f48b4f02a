import { ReceiverError, type ErrorCode } from '../../../shared/errors';
import { GraphError } from '../../../shared/graph/graphError';
import { judgeListingError } from '../../../shared/sweep/judgeListingError';

const graph = (code: ErrorCode) => new GraphError('x', { code, retryable: false });
const ours = (code: ErrorCode, retryable: boolean) => new ReceiverError('x', { code, retryable });

it.each([
  [graph('graphThrottled'), 'postpone'],
  [graph('graphUnavailable'), 'unavailable'],
  [graph('graphUnauthorized'), 'refused'],
  [graph('graphForbidden'), 'forbidden'],
  [graph('graphNotFound'), 'listing'],
  [graph('graphAnswerUnreadable'), 'listing'],
  [ours('tokenFailed', true), 'postpone'],
  [ours('tokenFailed', false), 'refused'],
  [ours('deadlinePassed', true), 'postpone'],
  [ours('storageUnavailable', true), 'storage'],
  [new Error('x'), 'storage'],
] as const)('%#: %s', (error, kind) => {
  expect(judgeListingError(error)).toBe(kind);
});
