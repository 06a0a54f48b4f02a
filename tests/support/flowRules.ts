import { randomBytes } from 'node:crypto';
import type { LedgerKey } from '../../shared/jobs/ledger';
import { storeWish, type Wish, type WishResult } from '../../shared/jobs/wishes';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { createServices } from '../../shared/services';
import { QUEUE_NAMES } from '../../shared/storage/account';
import type { Customer, Flow } from './startFlow';

/** Stores rules for one customer, before the app has looked for them: it looks once a minute. */
export async function storeRules(flow: Flow, { tenantId }: Customer, then: object, fields: object = {}): Promise<void> {
  const rules = [{ name: 'the rule', on: 'jobStarted', then }];
  const blobs = await flow.services.configBlobs();
  await blobs.write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, ...fields, rules }));
}

/** Stores a wish as the routes and the command line do. */
export async function storeWishOf(flow: Flow, key: LedgerKey, wish: Omit<Wish, 'by' | 'at'>): Promise<WishResult> {
  // Past the fault proxy, which holds the calls of the app.
  const services = createServices({ ...flow.cloud.settings, AzureWebJobsStorage: flow.cloud.connectionString });
  const deps = {
    ledger: await services.ledger(),
    jobs: await services.queue(QUEUE_NAMES.jobs),
    clock: flow.clock,
    randomBytes,
  };
  return storeWish(deps, key, { ...wish, by: 'test', at: new Date(flow.clock.now()).toISOString() });
}
