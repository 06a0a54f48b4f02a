import { eachBounded } from '../concurrency';
import type { Ledger } from '../jobs/ledger';
import type { Logger } from '../logger';
import type { RulesInForce, RulesStore } from '../rules/store';
import type { Tenant } from '../tenants/tenants';

/** Held jobs of all customers, from their index. */
export interface HeldJobs {
  count: number;
  /** There are more than were counted. */
  more: boolean;
  /** When the first of the holds ends; ISO 8601. Absent without one, and when there are more than were counted. */
  nextEnd?: string;
}

/** Rules that cannot be applied to the jobs of these customers. */
export interface UnreadableRules {
  /** `document`: it is not valid, and the choice for failures ends jobs. `storage`: it is not delivered, and jobs wait. */
  cause: 'document' | 'storage';
  blob: string;
  problem: string;
  tenantIds: string[];
  /** What ends their jobs. Both where the customers differ. */
  onFailure: Tenant['onFailure'][];
}

/** A page of a table has 1,000 rows. `status` stays quick with any number of held jobs. */
const MOST_COUNTED = 5_000;
/** Reads of customers side by side: a page of the index, or a small blob. */
const READS_AT_ONCE = 16;

/** Counts the held jobs of these customers up to 5,000, and finds the hold that ends first when all were counted. */
export async function countHeldJobs(
  services: { ledger(): Promise<Ledger> },
  tenants: readonly Tenant[],
  onUnreadable: (error: Error) => void,
): Promise<HeldJobs> {
  const ledger = await services.ledger();
  const ends: string[] = [];
  let count = 0;
  let more = false;
  await eachBounded(READS_AT_ONCE, tenants, async ({ tenantId }) => {
    if (more) return;
    let isFirst = true;
    for await (const { heldUntil } of ledger.listHeld(tenantId, {}, onUnreadable)) {
      more ||= count === MOST_COUNTED;
      if (more) return;
      if (isFirst && heldUntil !== undefined) ends.push(heldUntil);
      isFirst = false;
      count += 1;
    }
  });
  const [nextEnd] = ends.sort();
  return { count, more, ...(more || nextEnd === undefined ? {} : { nextEnd }) };
}

/** The rules in force for active customers that are no rules documents, or that storage does not deliver. */
export async function findUnreadableRules(
  services: { rules(): Promise<RulesStore> },
  tenants: readonly Tenant[],
  logger: Logger,
): Promise<UnreadableRules[]> {
  const found = new Map<string, UnreadableRules>();
  for (const { tenant, rules } of await readUnusableRules(services, tenants, logger)) {
    const { tenantId, onFailure } = tenant;
    const { cause, blob, problem } = describe(rules);
    const known = found.get(`${blob} ${problem}`) ?? { cause, blob, problem, tenantIds: [], onFailure: [] };
    known.tenantIds.push(tenantId);
    known.onFailure = [...new Set([...known.onFailure, onFailure])].sort();
    found.set(`${blob} ${problem}`, known);
  }
  return [...found.values()].sort((a, b) => (a.blob < b.blob ? -1 : 1));
}

function describe(rules: UnusableRules['rules']): Pick<UnreadableRules, 'cause' | 'blob' | 'problem'> {
  if (rules.kind === 'unreadable') return { cause: 'document', blob: rules.blob, problem: rules.problem };
  return { cause: 'storage', blob: 'the container config', problem: rules.error.problem };
}

/** An active customer whose rules cannot be applied now. */
export interface UnusableRules {
  tenant: Tenant;
  rules: Extract<RulesInForce, { kind: 'unreadable' | 'outage' }>;
}

/** The active customers whose rules cannot be applied. One small read for each customer, and one for the default rules. */
export async function readUnusableRules(
  services: { rules(): Promise<RulesStore> },
  tenants: readonly Tenant[],
  logger: Logger,
): Promise<UnusableRules[]> {
  const store = await services.rules();
  const found: UnusableRules[] = [];
  const active = tenants.filter(({ status }) => status === 'active');
  await eachBounded(READS_AT_ONCE, active, async (tenant) => {
    const rules = await store.rulesOf(tenant.tenantId, logger);
    if (rules.kind === 'unreadable' || rules.kind === 'outage') found.push({ tenant, rules });
  });
  return found;
}
