import {
  claimJob,
  extendLease,
  finishClaim,
  releaseClaim,
  type Claim,
  type ClaimDeps,
} from '../../../shared/jobs/claims';
import { createLedger } from '../../../shared/jobs/ledger';
import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { ledgerKey, ledgerRowKey } from '../../../shared/jobs/message';
import type { EntityTable } from '../../../shared/storage/entityTable';
import { createFakeClock } from '../../support/createFakeClock';
import { FETCHABLE, JOB, PRINTER, START, STARTED } from '../../support/createJobWorker';
import { createMemoryTable } from '../../support/memoryTable';
import { jobRowOf } from '../../support/tableChanges';

const MINUTE = 60_000;
/** A lease of 90 seconds, taken over 15 seconds after it ran out. */
const LEASE = 90_000;
const TAKE_OVER = 105_000;
const KEYS = [STARTED.tenantId, ledgerRowKey(STARTED)] as const;

function createWorld() {
  const clock = createFakeClock(Date.parse(START));
  const table = createMemoryTable(clock);
  const deps: ClaimDeps = { ledger: createLedger(table), clock };
  return {
    clock,
    table,
    deps,
    claim: (runId: string, through: EntityTable = table) =>
      claimJob({ ledger: createLedger(through), clock }, STARTED, { runId, foundBy: 'graph' }),
    async row(): Promise<LedgerRow> {
      const stored = await deps.ledger.get(ledgerKey(STARTED));
      if (!stored) throw new Error('no row');
      return stored.value;
    },
  };
}

type Ledger = ReturnType<typeof createWorld>;

async function claimed(ledger: Ledger, runId: string, through?: EntityTable): Promise<Claim> {
  const result = await ledger.claim(runId, through);
  if (result.outcome !== 'claimed') throw new Error(`not claimed but ${result.outcome}`);
  return result.claim;
}

/** A table that lets `act` in before the first write of the kind. */
function before(table: EntityTable, kind: 'insert' | 'replace', act: () => Promise<unknown>): EntityTable {
  let left = 1;
  const first = async () => {
    if (left-- > 0) await act();
  };
  return {
    ...table,
    insert: async (row) => {
      if (kind === 'insert') await first();
      return table.insert(row);
    },
    replace: async (row, etag) => {
      if (kind === 'replace') await first();
      return table.replace(row, etag);
    },
    write: async (changes) => {
      if (jobRowOf(changes).kind === kind) await first();
      return table.write(changes);
    },
  };
}

/** As the storage client repeats a write whose answer was lost: the second try meets what the first one wrote. */
function repeatingWrites(table: EntityTable): EntityTable {
  return {
    ...table,
    insert: async (row) => (await table.insert(row), table.insert(row)),
    replace: async (row, etag) => (await table.replace(row, etag), table.replace(row, etag)),
    write: async (changes) => (await table.write(changes), table.write(changes)),
  };
}

describe('claim', () => {
  test('no row: claimed for 90 seconds', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    expect(claim.row).toEqual({
      phase: 'start',
      decision: 'release',
      status: 'claimed',
      runId: 'run-a',
      leaseUntil: '2026-11-22T00:01:30.000Z',
      attempts: 1,
      firstSeenAt: START,
      foundBy: 'graph',
      printerId: PRINTER,
      jobId: JOB,
    });
    expect(await ledger.row()).toEqual(claim.row);
  });

  test('an unknown place is not a cell of the row', async () => {
    const { deps, table } = createWorld();
    const { printerId: _printer, jobId: _job, ...bare } = STARTED;
    await claimJob(deps, bare, { runId: 'run-a', foundBy: 'sweep' });
    const stored = await table.get(...KEYS);
    expect(Object.keys(stored?.cells ?? {})).not.toEqual(expect.arrayContaining(['printerId']));
    expect(stored?.cells).toMatchObject({ foundBy: 'sweep' });
  });

  test('done: never again', async () => {
    const ledger = createWorld();
    await finishClaim(ledger.deps, await claimed(ledger, 'run-a'), { outcome: 'released', event: 'sent' }, 30);
    ledger.clock.advance(365 * 24 * 60 * MINUTE);
    await expect(ledger.claim('run-b')).resolves.toEqual({ outcome: 'done' });
  });

  test('busy until 15 seconds after the lease, then taken over with its firstSeenAt', async () => {
    const ledger = createWorld();
    const begin = ledger.clock.now();
    await claimed(ledger, 'run-a');
    ledger.clock.advance(LEASE);
    await expect(ledger.claim('run-b')).resolves.toEqual({ outcome: 'busy', until: begin + TAKE_OVER });
    ledger.clock.advance(TAKE_OVER - LEASE - 1);
    await expect(ledger.claim('run-b')).resolves.toMatchObject({ outcome: 'busy' });
    ledger.clock.advance(1);
    const claim = await claimed(ledger, 'run-b');
    expect(claim.row).toMatchObject({ runId: 'run-b', attempts: 2, firstSeenAt: START });
    expect(await ledger.row()).toEqual(claim.row);
  });

  test('a claim without a readable lease blocks no other run for longer', async () => {
    const ledger = createWorld();
    await ledger.table.insert({
      partitionKey: KEYS[0],
      rowKey: KEYS[1],
      status: 'claimed',
      runId: 'x',
      firstSeenAt: START,
    });
    await expect(ledger.claim('run-b')).resolves.toMatchObject({ outcome: 'busy' });
    ledger.clock.advance(TAKE_OVER);
    await expect(ledger.claim('run-b')).resolves.toMatchObject({ outcome: 'claimed' });
  });

  test.each(['waiting', 'failed', 'gone'] as const)(
    '%s: claimable at once, and what it waited for is known to the next run unless it was gone',
    async (status) => {
      const ledger = createWorld();
      const first = await claimed(ledger, 'run-a');
      await releaseClaim(ledger.deps, first, {
        status,
        nextTryAt: '2026-11-23T00:00:00.000Z',
        waitingSince: START,
        cause: 'because',
      });
      expect(await ledger.row()).toMatchObject({ status, cause: 'because' });
      ledger.clock.advance(MINUTE);
      const { row } = await claimed(ledger, 'run-b');
      expect(row).toMatchObject({ status: 'claimed', runId: 'run-b', attempts: 2 });
      expect([row.cause, row.waitingSince]).toEqual(status === 'gone' ? [undefined, undefined] : ['because', START]);
      // Only a row that was gone starts over.
      expect(row.firstSeenAt).toBe(status === 'gone' ? '2026-11-22T00:01:00.000Z' : START);
    },
  );

  test('an insert whose answer was lost is recognized by its own runId', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a', repeatingWrites(ledger.table));
    expect(claim).toMatchObject({ runId: 'run-a', row: { attempts: 1 } });
    await expect(finishClaim(ledger.deps, claim, { event: 'sent' }, 30)).resolves.toBe(true);
  });

  test('a take-over whose answer was lost is recognized too', async () => {
    const ledger = createWorld();
    await claimed(ledger, 'run-a');
    ledger.clock.advance(TAKE_OVER);
    const claim = await claimed(ledger, 'run-b', repeatingWrites(ledger.table));
    expect(claim.row).toMatchObject({ runId: 'run-b', attempts: 2 });
    await expect(extendLease(ledger.deps, claim, LEASE)).resolves.toBe(true);
  });

  test('two inserts at one moment: one wins, the other is busy', async () => {
    const ledger = createWorld();
    const through = before(ledger.table, 'insert', () => claimed(ledger, 'run-b'));
    await expect(ledger.claim('run-a', through)).resolves.toMatchObject({ outcome: 'busy' });
    expect((await ledger.row()).runId).toBe('run-b');
  });

  test('two take-overs at one moment: one wins, the other is busy', async () => {
    const ledger = createWorld();
    await claimed(ledger, 'run-dead');
    ledger.clock.advance(TAKE_OVER);
    const through = before(ledger.table, 'replace', () => claimed(ledger, 'run-b'));
    await expect(ledger.claim('run-a', through)).resolves.toMatchObject({ outcome: 'busy' });
    expect((await ledger.row()).runId).toBe('run-b');
  });

  test('a row that finishes under the take-over is done', async () => {
    const ledger = createWorld();
    const dying = await claimed(ledger, 'run-dead');
    ledger.clock.advance(TAKE_OVER);
    const through = before(ledger.table, 'replace', () => finishClaim(ledger.deps, dying, { event: 'sent' }, 30));
    await expect(ledger.claim('run-a', through)).resolves.toEqual({ outcome: 'done' });
  });

  test('a row that is deleted, or changes under every attempt, is a retryable error', async () => {
    const ledger = createWorld();
    await claimed(ledger, 'run-dead');
    ledger.clock.advance(TAKE_OVER);
    const vanishing = { ...ledger.table, get: () => Promise.resolve(undefined) };
    await expect(ledger.claim('run-a', vanishing)).rejects.toMatchObject({
      code: 'claimLost',
      retryable: true,
    });
    const changing = { ...ledger.table, replace: () => Promise.resolve(undefined) };
    await expect(ledger.claim('run-a', changing)).rejects.toMatchObject({
      code: 'claimLost',
      retryable: true,
    });
  });
});

describe('lease', () => {
  test('nothing is written within 30 seconds of the last write', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    const { etag } = claim;
    ledger.clock.advance(30_000);
    await expect(extendLease(ledger.deps, claim, 45_000)).resolves.toBe(true);
    expect(claim.etag).toBe(etag);
  });

  test('after 30 seconds it is renewed', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(30_001);
    await expect(extendLease(ledger.deps, claim, 1)).resolves.toBe(true);
    expect((await ledger.row()).leaseUntil).toBe('2026-11-22T00:02:00.001Z');
    expect(claim.row).toEqual(await ledger.row());
  });

  test('a need of more than is left renews it, however fresh it is', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(10_000);
    await extendLease(ledger.deps, claim, LEASE - 5_000);
    expect((await ledger.row()).leaseUntil).toBe('2026-11-22T00:01:40.000Z');
  });

  test('a lease that ran out is renewed while no run has taken the row over, and refused afterwards', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(TAKE_OVER - 1);
    await expect(extendLease(ledger.deps, claim, 1)).resolves.toBe(true);
    ledger.clock.advance(TAKE_OVER);
    await claimed(ledger, 'run-b');
    await expect(extendLease(ledger.deps, claim, 1)).resolves.toBe(false);
    expect((await ledger.row()).runId).toBe('run-b');
  });

  test('a renewal whose answer was lost holds', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(2 * MINUTE);
    let lost = true;
    const losing: EntityTable = {
      ...ledger.table,
      replace: async (row, etag) => {
        const written = await ledger.table.replace(row, etag);
        if (!lost) return written;
        lost = false;
        return undefined;
      },
    };
    await expect(extendLease({ ...ledger.deps, ledger: createLedger(losing) }, claim, 1)).resolves.toBe(true);
    await expect(finishClaim(ledger.deps, claim, { outcome: 'released', event: 'sent' }, 30)).resolves.toBe(true);
  });
});

describe('the end of a claim', () => {
  test('done with its outcome, over whatever the run had written before', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a', repeatingWrites(ledger.table));
    const deps = { ...ledger.deps, ledger: createLedger(repeatingWrites(ledger.table)) };
    // Every answer is lost and repeated; the last write finds its own run on the row again and again.
    await finishClaim(deps, claim, { outcome: 'ended', event: 'sent' }, 30);
    expect(await ledger.row()).toMatchObject({ status: 'done', outcome: 'ended' });
  });

  test('released: no runId and no lease, so any run may claim it', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    await expect(
      releaseClaim(ledger.deps, claim, { status: 'waiting', nextTryAt: START, cause: 'graphThrottled' }),
    ).resolves.toBe(true);
    expect(await ledger.row()).toEqual({
      phase: 'start',
      status: 'waiting',
      attempts: 1,
      firstSeenAt: START,
      foundBy: 'graph',
      printerId: PRINTER,
      jobId: JOB,
      nextTryAt: START,
      cause: 'graphThrottled',
    });
  });

  test.each([
    ['finish', (deps: ClaimDeps, claim: Claim) => finishClaim(deps, claim, { event: 'sent' }, 30)],
    ['release', (deps: ClaimDeps, claim: Claim) => releaseClaim(deps, claim, { status: 'failed', cause: 'c' })],
  ])('%s of a row that was taken over changes nothing', async (_name, end) => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(TAKE_OVER);
    await claimed(ledger, 'run-b');
    const row = await ledger.row();
    await expect(end(ledger.deps, claim)).resolves.toBe(false);
    expect(await ledger.row()).toEqual(row);
    await ledger.table.remove(...KEYS, (await ledger.table.get(...KEYS))?.etag ?? '');
    await expect(end(ledger.deps, claim)).resolves.toBe(false);
  });

  test('a release never reopens a row that the same run has recorded as done', async () => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    const stale = { ...claim };
    await finishClaim(ledger.deps, claim, { outcome: 'released', event: 'sent' }, 30);
    await expect(releaseClaim(ledger.deps, stale, { status: 'failed', cause: 'lost' })).resolves.toBe(false);
    expect(await ledger.row()).toMatchObject({ status: 'done', outcome: 'released' });
  });
});

test.each([
  ['deadline', true],
  ['unreadable', true],
  ['released', false],
] as const)('a job that ends as %s keeps the refusal that kept it from being read: %p', async (outcome, isKept) => {
  const ledger = createWorld();
  const refused = { status: 'failed', cause: 'graphForbidden', lastRefusal: 'Graph returned 403' } as const;
  await releaseClaim(ledger.deps, await claimed(ledger, 'run-a'), refused);
  await finishClaim(ledger.deps, await claimed(ledger, 'run-b'), { outcome, event: 'sent' }, 30);
  expect((await ledger.row()).lastRefusal).toBe(isKept ? refused.lastRefusal : undefined);
});

describe('rows from outside', () => {
  const parse = async (cells: Record<string, unknown>) => {
    const table = { ...createMemoryTable(), get: () => Promise.resolve({ cells, etag: 'e' }) };
    return (await createLedger(table).get({ tenantId: 't', rowKey: 'r' }))?.value;
  };

  test.each([[{}], [{ status: 'claimed' }], [{ status: 'new', firstSeenAt: START }]])(
    '%j is unreadable: an error with a remedy',
    async (cells) => {
      await expect(parse(cells)).rejects.toThrow(/PrintJobs.*Correct or delete/);
    },
  );

  test.each([
    [{ attempts: 'three' }, 'attempts'],
    [{ foundBy: 5 }, 'foundBy'],
    [{ outcome: 'eaten' }, 'outcome'],
    [{ cause: true }, 'cause'],
    [{ leaseUntil: 'soon' }, 'leaseUntil'],
  ])('a cell of another form makes the row unreadable, and is named: %j', async (cells, name) => {
    await expect(parse({ status: 'done', firstSeenAt: START, ...cells })).rejects.toMatchObject({
      code: 'rowUnreadable',
      problem: expect.stringContaining(`has ${name} in another form than`) as string,
    });
  });

  test('a fetchable job is named by printer and job in its key', async () => {
    const { deps, table } = createWorld();
    await claimJob(deps, FETCHABLE, { runId: 'r', foundBy: 'graph' });
    await expect(table.get(FETCHABLE.tenantId, `jobFetchable_${PRINTER}_${JOB}`)).resolves.toBeDefined();
  });
});

describe('the index of work in hand', () => {
  const open = async (ledger: Ledger) => {
    const found = [];
    for await (const reference of ledger.deps.ledger.listOpen(STARTED.tenantId)) found.push(reference);
    return found;
  };

  test('names a job event from its claim to its end, with all its ids', async () => {
    const ledger = createWorld();
    expect(await open(ledger)).toEqual([]);
    const claim = await claimed(ledger, 'run-a');
    expect(await open(ledger)).toEqual([STARTED]);
    ledger.clock.advance(MINUTE);
    await extendLease(ledger.deps, claim, 45_000);
    expect(await open(ledger)).toEqual([STARTED]);
    await finishClaim(ledger.deps, claim, { outcome: 'released', event: 'sent' }, 30);
    expect(await open(ledger)).toEqual([]);
  });

  test.each(['waiting', 'failed', 'gone'] as const)(
    'does not name one that is %s, until it is claimed again',
    async (status) => {
      const ledger = createWorld();
      await releaseClaim(ledger.deps, await claimed(ledger, 'run-a'), { status, cause: 'c' });
      expect(await open(ledger)).toEqual([]);
      await claimed(ledger, 'run-b');
      expect(await open(ledger)).toEqual([STARTED]);
    },
  );

  test('keeps naming one whose run has died, and one that was taken over', async () => {
    const ledger = createWorld();
    await claimed(ledger, 'run-a');
    ledger.clock.advance(TAKE_OVER);
    expect(await open(ledger)).toEqual([STARTED]);
    await claimed(ledger, 'run-b');
    expect(await open(ledger)).toEqual([STARTED]);
  });

  test('is no row of the ledger for anybody who lists it', async () => {
    const ledger = createWorld();
    await claimed(ledger, 'run-a');
    const rows = [];
    for await (const { rowKey } of ledger.deps.ledger.list(STARTED.tenantId, { onUnreadable: fail })) rows.push(rowKey);
    expect(rows).toEqual([ledgerRowKey(STARTED)]);
  });
});

function fail(error: Error): never {
  throw error;
}

test('a clock that is an hour off takes over no sooner and no later: the table service says how old a lease is', async () => {
  for (const skewMs of [-60 * MINUTE, 60 * MINUTE]) {
    const ledger = createWorld();
    await claimed(ledger, 'run-a');
    const skewed = { ledger: ledger.deps.ledger, clock: { now: () => ledger.clock.now() + skewMs } };
    const claim = () => claimJob(skewed, STARTED, { runId: 'run-b', foundBy: 'graph' });
    await expect(claim()).resolves.toMatchObject({ outcome: 'busy' });
    ledger.clock.advance(TAKE_OVER - 1);
    await expect(claim()).resolves.toMatchObject({ outcome: 'busy' });
    ledger.clock.advance(1);
    await expect(claim()).resolves.toMatchObject({ outcome: 'claimed' });
  }
});

describe('personal data', () => {
  const personal = { job: '{"createdBy":{"id":"ada"}}', by: 'ada', userTags: 'a' };

  it.each([
    ['0 days', 0, 0, false],
    ['a day that has not passed', 1, 23, true],
    ['a day that has passed', 1, 24, false],
  ])('the write that ends the work removes it after %s', async (_name, days, hours, isKept) => {
    const ledger = createWorld();
    const claim = await claimed(ledger, 'run-a');
    ledger.clock.advance(hours * 60 * 60_000);
    await finishClaim(ledger.deps, claim, { outcome: 'released', event: 'sent', ...personal }, days);
    const row = await ledger.row();
    expect(row).toMatchObject({ status: 'done', outcome: 'released', ...(isKept ? personal : {}) });
    expect(row.blankedAt === undefined).toBe(isKept);
    expect(JSON.stringify(row).includes('ada')).toBe(isKept);
  });
});
