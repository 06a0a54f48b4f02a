import { createCache } from '../cache';
import type { Clock } from '../clock';
import { untilAborted } from '../concurrency';
import { ReceiverError } from '../errors';
import { tryPermissions } from '../graph/api/permissions';
import type { CallGraph } from '../graph/client';
import type { Tokens } from '../graph/tokens';
import type { Tenants } from '../tenants/tenants';
import type { ConsentVerdict } from './consentLink';

/** Confirms what a browser says about a consent. */
export type ConfirmConsent = (verdict: ConsentVerdict) => Promise<ConsentVerdict>;

interface ConfirmDeps {
  tenants: Pick<Tenants, 'get'>;
  tokens: Pick<Tokens, 'get'>;
  callGraph: CallGraph;
  /** The permissions without which the app receives nothing. */
  needed: readonly string[];
  clock: Pick<Clock, 'now'>;
}

/** The page may be reloaded at will, and each question costs a request to Entra and a few to Graph. */
const ASK_EVERY_MS = 60_000;
const MOST_REMEMBERED = 1_000;
/** A person waits for the page. In an outage the tries alone would take minutes. */
const LIMIT_MS = 20_000;

/**
 * Tries the permissions with a fresh token before the page says that a customer has consented: only for a customer that an
 * operator has added, and at most once a minute for each. A cached token may be older than the withdrawal of a consent, and
 * Entra gives an app without any permission a token too.
 */
export function createConfirmConsent(deps: ConfirmDeps, limitMs = LIMIT_MS): ConfirmConsent {
  const asked = createCache<Promise<boolean>>({ most: MOST_REMEMBERED, keepMs: ASK_EVERY_MS - 1, clock: deps.clock });
  return async (verdict) => {
    if (verdict.outcome !== 'unconfirmed' || !(await deps.tenants.get(verdict.tenantId))) return verdict;
    const { tenantId } = verdict;
    const known = asked.get(tenantId);
    const answer = known ?? isGrantedWithin(limitMs, deps, tenantId);
    if (!known) asked.set(tenantId, answer);
    return (await answer) ? { outcome: 'consented', tenantId } : verdict;
  };
}

async function isGrantedWithin(limitMs: number, deps: ConfirmDeps, tenantId: string): Promise<boolean> {
  const limit = AbortSignal.timeout(limitMs);
  try {
    return await untilAborted(limit, isGranted(deps, tenantId));
  } catch (error) {
    // Entra refuses, or does not answer: the page says that the consent is not seen yet.
    if (limit.aborted || error instanceof ReceiverError) return false;
    throw error;
  }
}

async function isGranted({ tokens, callGraph, needed }: ConfirmDeps, tenantId: string): Promise<boolean> {
  await tokens.get(tenantId, { fresh: true });
  const checks = await tryPermissions(callGraph, tenantId, needed);
  const granted = checks.filter(({ state }) => state === 'granted').map(({ permission }) => permission);
  return needed.every((permission) => granted.includes(permission));
}
