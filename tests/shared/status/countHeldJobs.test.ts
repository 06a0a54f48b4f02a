import type { Ledger } from '../../../shared/jobs/ledger';
import { countHeldJobs } from '../../../shared/status/jobStates';
import type { Tenant } from '../../../shared/tenants/tenants';

const FIRST_END = '2026-11-22T03:00:00.000Z';
const LATER_END = '2026-11-22T09:00:00.000Z';

/** Counts the held jobs of customers with so many each. The first hold of the last customer ends first. */
async function count(...held: number[]) {
  const read: string[] = [];
  const tenants = held.map((_count, index) => ({ tenantId: `tenant-${index}` }) as Tenant);
  const listHeld: Ledger['listHeld'] = async function* (tenantId) {
    read.push(tenantId);
    const index = tenants.findIndex((tenant) => tenant.tenantId === tenantId);
    for (let job = 0; job < (held[index] ?? 0); job += 1) {
      yield { heldUntil: index === held.length - 1 ? FIRST_END : LATER_END } as never;
      await Promise.resolve();
    }
  };
  const found = await countHeldJobs({ ledger: () => Promise.resolve({ listHeld } as Ledger) }, tenants, fail);
  return { ...found, read };
}

function fail(error: Error): never {
  throw error;
}

describe('the count of held jobs', () => {
  it('says when the first hold of all customers ends', async () => {
    expect(await count(2, 0, 3)).toMatchObject({ count: 5, more: false, nextEnd: FIRST_END });
  });

  it('counts 5,000 jobs whole', async () => {
    expect(await count(2_000, 3_000)).toMatchObject({ count: 5_000, more: false, nextEnd: FIRST_END });
  });

  it('stops after 5,000, names no end, because the first one may be among the rest, and reads no further customers', async () => {
    const { read, ...found } = await count(6_000, ...Array.from({ length: 99 }, () => 100));
    expect(found).toEqual({ count: 5_000, more: true });
    expect(read.length).toBeLessThan(100);
  });

  it('says nothing of ends where nothing is held', async () => {
    expect(await count(0, 0)).toMatchObject({ count: 0, more: false });
    expect(await count()).not.toHaveProperty('nextEnd');
  });
});
