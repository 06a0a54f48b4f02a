import type { GraphCall } from './graphClient';
import { GraphError } from './graphError';
import { parseRetryAfter } from './retryAfter';
import type { HttpAnswer } from './sendHttp';

/** Statuses that say "later" (concepts/errors.md names 503 and 509; 500, 502, 504 and 408 are treated alike). */
const TRANSIENT = new Set([408, 500, 502, 503, 504, 509]);

/**
 * The typed error of an answer that is no 2xx. `error.code` is Graph's own word and safe to show.
 *
 * @param now milliseconds since 1970
 */
export function toGraphError(
  call: Pick<GraphCall, 'method' | 'path' | 'permission'>,
  answer: HttpAnswer,
  now: number,
): GraphError {
  const graphCode = readGraphCode(answer.body);
  const requestId = answer.headers['request-id'];
  const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], now);
  const where = `${call.method} ${call.path.split('?')[0] ?? ''} with ${answer.status}${graphCode ? ` (${graphCode})` : ''}`;
  const facts = {
    status: answer.status,
    ...(graphCode === undefined ? {} : { graphCode }),
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  const remedy = `grant the app the application permission ${call.permission} and have an administrator of the customer consent again`;
  switch (answer.status) {
    case 401:
      return new GraphError(
        'graphUnauthorized',
        `Graph did not accept the token for ${where}: check the credential, then ${remedy}`,
        { ...facts },
      );
    case 403:
      return new GraphError('graphForbidden', `Graph refused ${where}: ${remedy}`, { ...facts });
    case 404:
      return new GraphError('graphNotFound', `Graph does not know ${where}`, { ...facts });
    case 409:
      return new GraphError('graphConflict', `Graph sees a conflict in ${where}`, { ...facts });
    case 429:
      return new GraphError('graphThrottled', `Graph throttles ${where}`, { ...facts });
    default:
      return TRANSIENT.has(answer.status)
        ? new GraphError('graphUnavailable', `Graph could not serve ${where}`, { ...facts })
        : new GraphError('graphRejected', `Graph rejected ${where}`, { ...facts });
  }
}

/** Graph's codes are words such as `ResourceNotFound`; anything else in that place is not repeated. */
function readGraphCode(body: string): string | undefined {
  const code = /"code"\s*:\s*"([A-Za-z0-9_.-]{1,64})"/.exec(body.slice(0, 4096));
  return code?.[1];
}
