import type { Clock } from '../clock';
import { eachBounded } from '../concurrency';
import { isoTime } from '../jobs/claims';
import type { Ledger, LedgerKey } from '../jobs/ledger';
import { storeWish, type WishDeps } from '../jobs/wishes';

/** Wishes side by side: each costs three calls to storage. */
const WISHES_AT_ONCE = 8;
const LOOK_EVERY_MS = 2_000;
/** The app carries a wish out within seconds. A job that is still held has a cause that only a person can remove. */
const PATIENCE_MS = 120_000;

/** The held jobs of a tenant, from their index. */
export async function listHeldKeys(
  ledger: Pick<Ledger, 'listHeld'>,
  tenantId: string,
  onUnreadable: (error: Error) => void,
): Promise<LedgerKey[]> {
  const keys: LedgerKey[] = [];
  for await (const { key } of ledger.listHeld(tenantId, {}, onUnreadable)) keys.push(key);
  return keys;
}

/**
 * Asks the app to end every held job of a tenant as at the end of its hold, and waits two minutes at most.
 *
 * @param by who wants it, for the event of each job
 * @param onLeft is called with the number of jobs that are still held, whenever it has changed
 * @returns how many jobs were held, and how many still are
 */
export async function endHeldJobs(
  deps: WishDeps & { clock: Clock },
  { tenantId, by }: { tenantId: string; by: string },
  onUnreadable: (error: Error) => void,
  onLeft: (jobs: number) => void,
): Promise<{ held: number; left: number }> {
  const { ledger, clock } = deps;
  const keys = await listHeldKeys(ledger, tenantId, onUnreadable);
  await eachBounded(WISHES_AT_ONCE, keys, async (key) => {
    const { heldElse = 'release' } = (await ledger.getWithoutJob(key))?.value ?? {};
    // Another wish ends the job too.
    await storeWish(deps, key, { action: heldElse, by, at: isoTime(clock.now()) });
  });
  let left = keys.length;
  for (const end = clock.now() + PATIENCE_MS; left > 0 && clock.now() < end;) {
    await clock.sleep(LOOK_EVERY_MS);
    const now = (await listHeldKeys(ledger, tenantId, () => undefined)).length;
    if (now !== left && now > 0) onLeft(now);
    left = now;
  }
  return { held: keys.length, left };
}
