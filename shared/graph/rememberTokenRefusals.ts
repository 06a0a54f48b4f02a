import type { Clock } from '../clock';
import { ReceiverError } from '../errors';
import type { GetToken } from './tokens';

/** Short beside the minutes that a consent takes to be given again; long beside the pace of a queue's messages. */
const REMEMBERED_MS = 30_000;
/** A bound on memory, far above the tenants of one instance; beyond it the oldest refusal is forgotten. */
const MOST_REMEMBERED = 2_000;

/**
 * For 30 seconds Entra's refusal of a tenant is the answer to whoever asks next: a consent that was taken back stays so
 * until a person acts, and every waiting message of the tenant would ask anew. `fresh` asks all the same, and what may
 * pass by itself is never remembered.
 */
export function rememberTokenRefusals(getToken: GetToken, clock: Pick<Clock, 'now'>): GetToken {
  const refusals = new Map<string, { error: ReceiverError; until: number }>();
  const remember = (tenantId: string, error: ReceiverError) => {
    // Whoever is set anew goes last, so that the first is always the oldest.
    refusals.delete(tenantId);
    const oldest = refusals.size >= MOST_REMEMBERED ? refusals.keys().next().value : undefined;
    if (oldest !== undefined) refusals.delete(oldest);
    refusals.set(tenantId, { error, until: clock.now() + REMEMBERED_MS });
  };
  return async (tenantId, options) => {
    const refusal = options?.fresh ? undefined : refusals.get(tenantId);
    if (refusal && clock.now() < refusal.until) throw refusal.error;
    try {
      const token = await getToken(tenantId, options);
      refusals.delete(tenantId);
      return token;
    } catch (error) {
      if (error instanceof ReceiverError && !error.retryable) remember(tenantId, error);
      throw error;
    }
  };
}
