import { ReceiverError } from '../shared/errors';

/** The tenant is not on the allow-list, or no more. */
export function notListed(tenantId: string, removed = false): ReceiverError {
  const state = removed ? 'has been removed' : 'is not on the allow-list';
  return new ReceiverError(
    'tenantNotServed',
    `Tenant ${tenantId} ${state}: add it with tenants add ${tenantId} --name <text>`,
  );
}
