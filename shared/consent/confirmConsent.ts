import { createCache } from '../cache';
import type { Clock } from '../clock';
import { ReceiverError } from '../errors';
import type { Tokens } from '../graph/tokens';
import type { Tenants } from '../tenants/tenants';
import type { ConsentVerdict } from './consentLink';

/** Confirms what a browser says about a consent. */
export type ConfirmConsent = (verdict: ConsentVerdict) => Promise<ConsentVerdict>;

/** The page may be reloaded at will, and each question costs a request to Entra. */
const ASK_EVERY_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/**
 * Asks Entra for a token before the page says that a customer has consented: only for a customer that an operator has
 * added, and at most once a minute for each.
 */
export function createConfirmConsent(deps: {
  tenants: Pick<Tenants, 'get'>;
  tokens: Pick<Tokens, 'get'>;
  clock: Pick<Clock, 'now'>;
}): ConfirmConsent {
  const asked = createCache<Promise<boolean>>({ most: MOST_REMEMBERED, keepMs: ASK_EVERY_MS - 1, clock: deps.clock });
  return async (verdict) => {
    if (verdict.outcome !== 'unconfirmed' || !(await deps.tenants.get(verdict.tenantId))) return verdict;
    const { tenantId } = verdict;
    const known = asked.get(tenantId);
    const answer = known ?? hasToken(deps.tokens, tenantId);
    if (!known) asked.set(tenantId, answer);
    return (await answer) ? { outcome: 'consented', tenantId } : verdict;
  };
}

async function hasToken(tokens: Pick<Tokens, 'get'>, tenantId: string): Promise<boolean> {
  try {
    await tokens.get(tenantId);
    return true;
  } catch (error) {
    // Entra refuses, or does not answer: the page says that the consent is not seen yet.
    if (error instanceof ReceiverError) return false;
    throw error;
  }
}
