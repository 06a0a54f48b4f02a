import type { GetToken } from './tokens';

/**
 * Callers that ask for the token of a tenant at the same moment share one request: @azure/identity would send one for
 * each, and a burst of jobs of a new tenant asks many times at once.
 */
export function shareTokenRequests(getToken: GetToken): GetToken {
  const underWay = new Map<string, Promise<string>>();
  return (tenantId, options) => {
    const shared = options?.fresh ? undefined : underWay.get(tenantId);
    if (shared) return shared;
    const request = getToken(tenantId, options).finally(() => {
      if (underWay.get(tenantId) === request) underWay.delete(tenantId);
    });
    underWay.set(tenantId, request);
    return request;
  };
}
