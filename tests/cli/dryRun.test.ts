import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { createCliWorld } from '../support/createCliWorld';
import { DEFINITION, OTHER_TENANT, PRINTER, START, TENANT } from '../support/createSubscriptionWorld';

const folder = mkdtempSync(join(tmpdir(), 'cli-dry-run-'));
afterAll(() => rmSync(folder, { recursive: true }));
const DAY = 24 * 60 * 60_000;
const daysBefore = (days: number) => new Date(Date.parse(START) - days * DAY).toISOString();

const started = (name: string, when: object, then: object) => ({ name, on: 'jobStarted', when, then });
const RULES = [
  started('big', { copies: { above: 100 } }, { abort: {} }),
  started('mono', { colorMode: 'color' }, { release: {}, configure: { colorMode: 'grayscale' } }),
  started('far', { user: 'ada' }, { redirect: { printer: 'p2' } }),
  started('held', { user: 'bob' }, { hold: { for: '1h', else: 'abort' } }),
];

function createWorld(rules: object[] = RULES) {
  writeFileSync(join(folder, 'rules.json'), JSON.stringify({ version: 1, rules }));
  const world = createCliWorld({ directory: folder });
  let made = 0;
  /** A job that has ended, as the ledger keeps it. */
  const addJob = async (job: object | undefined, fields: Partial<LedgerRow> = {}, tenantId = TENANT) => {
    made += 1;
    await world.ledger.insert(
      { kind: 'jobStarted', tenantId, definitionId: DEFINITION, taskId: `t${made}` },
      {
        status: 'done',
        phase: 'start',
        attempts: 1,
        firstSeenAt: daysBefore(1),
        foundBy: 'graph',
        printerId: PRINTER,
        jobId: `${made}`,
        outcome: 'released',
        ...(job ? { job: JSON.stringify(job) } : {}),
        ...fields,
      },
    );
  };
  const dryRun = async (...argv: string[]) => {
    const { json } = await world.runJson('rules', 'dry-run', 'rules.json', '--tenant', TENANT, ...argv);
    return json;
  };
  return { ...world, addJob, dryRun };
}

const copies = (count: number) => ({ configuration: { copies: count } });
const by = (id: string) => ({ createdBy: { id } });
const color = { configuration: { colorMode: 'color' } };
const grayscale = JSON.stringify({ colorMode: 'grayscale' });
const held = { heldUntil: daysBefore(0), outcome: 'redirected', phase: 'end' } as const;

describe('rules dry-run', () => {
  it('counts the jobs of each rule, and names those that would have gone another way', async () => {
    const world = createWorld();
    await world.addJob(copies(500));
    await world.addJob(copies(101), { outcome: 'aborted' });
    await world.addJob(copies(1));
    expect(await world.dryRun()).toEqual({
      since: daysBefore(30),
      jobs: 3,
      rules: [
        { event: 'jobStarted', rule: 'big', jobs: 2, otherWay: 1 },
        ...['mono', 'far', 'held'].map((rule) => ({ event: 'jobStarted', rule, jobs: 0, otherWay: 0 })),
        { event: 'jobStarted', jobs: 1, otherWay: 0 },
        { event: 'jobFetchable', jobs: 0, otherWay: 0 },
      ],
      notTried: { withoutJob: 0, blanked: 0, shortened: 0, costly: 0, open: 0 },
      otherWayCount: 1,
      otherWay: [
        {
          tenantId: TENANT,
          key: `jobStarted_${DEFINITION}_t1`,
          printerId: PRINTER,
          jobId: '1',
          createdAt: daysBefore(1),
          rule: 'big',
          went: 'release',
          action: { kind: 'abort' },
        },
      ],
    });
  });

  it.each<[string, object, Partial<LedgerRow>, boolean]>([
    ['released unchanged, and would be changed', color, {}, true],
    ['released with the same change', color, { configure: grayscale }, false],
    ['released with a change, and would not be', copies(1), { configure: grayscale }, true],
    ['redirected there', by('ada'), { outcome: 'redirected', targetPrinterId: 'p2' }, false],
    ['redirected to another printer', by('ada'), { outcome: 'redirected', targetPrinterId: 'p3' }, true],
    ['redirected by another party', by('ada'), { outcome: 'redirected' }, false],
    ['held, whatever followed', by('bob'), held, false],
    ['still held', by('bob'), { ...held, status: 'held', outcome: 'held' }, false],
    ['held, and would be released', copies(1), held, true],
    ['held without the document, and would be held with it', by('eve'), held, true],
    ['held with the document', by('eve'), { ...held, archive: 'stored' }, false],
    ['ended, because its document could not be archived', by('eve'), { decidedBy: 'document' }, false],
    ['ended by another party', copies(500), { outcome: 'ended' }, false],
    ['aborted at its deadline', copies(500), { outcome: 'deadline', decision: 'abort' }, false],
    ['released at its deadline', copies(500), { outcome: 'deadline', decision: 'release' }, true],
  ])('a job that was %s', async (_name, job, fields, isOther) => {
    const inspect = { hold: { for: '1h', else: 'abort', document: true } };
    const world = createWorld([...RULES, started('inspect', { user: 'eve' }, inspect)]);
    await world.addJob(job, fields);
    expect(await world.dryRun()).toMatchObject({ jobs: 1, otherWayCount: isOther ? 1 : 0 });
  });

  it('counts apart what it cannot try', async () => {
    const world = createWorld([
      ...RULES,
      started('documents', { copies: 7, document: { size: { above: 1 } } }, { abort: {} }),
      started('named', { copies: 8, printer: { name: 'Lobby*' } }, { abort: {} }),
    ]);
    await world.addJob(undefined);
    await world.addJob(copies(1), { job: 'no JSON' });
    await world.addJob(copies(1), { truncated: '["job.createdBy"]' });
    await world.addJob(copies(1), { status: 'waiting' });
    await world.addJob(copies(7));
    await world.addJob(copies(8));
    await world.addJob(copies(9));
    expect(await world.dryRun()).toMatchObject({
      jobs: 1,
      notTried: { withoutJob: 2, blanked: 0, shortened: 1, costly: 2, open: 1 },
    });
    const { stdout } = await world.run('rules', 'dry-run', 'rules.json', '--tenant', TENANT);
    expect(stdout).toContain('Not tried on 2 job events: the ledger has no readable job.\n');
    expect(stdout).toContain('Not tried on 1 job event: the ledger has only a part of the job.\n');
  });

  it('tries jobs since a time, by when they were created', async () => {
    const world = createWorld();
    await world.addJob(copies(1), { jobCreatedAt: daysBefore(31), firstSeenAt: daysBefore(0) });
    await world.addJob(copies(1), { jobCreatedAt: daysBefore(8) });
    await world.addJob(copies(1), { jobCreatedAt: daysBefore(0.4) });
    expect(await world.dryRun()).toMatchObject({ jobs: 2 });
    expect(await world.dryRun('--since', '7d')).toMatchObject({ jobs: 1 });
    expect(await world.dryRun('--since', '9h')).toMatchObject({ jobs: 0 });
    expect(await world.dryRun('--since', daysBefore(7))).toMatchObject({ jobs: 1, since: daysBefore(7) });
    for (const wrong of ['30', '0d', '1w', 'd']) {
      expect((await world.run('rules', 'dry-run', 'rules.json', '--since', wrong)).code).toBe(2);
    }
  });

  it('decides by the time of the job, not of the run', async () => {
    const world = createWorld([
      started('morning', { time: { from: '08:00', to: '12:00', zone: 'UTC' } }, { abort: {} }),
    ]);
    await world.addJob({ createdDateTime: '2026-11-20T09:00:00Z' });
    await world.addJob({ createdDateTime: '2026-11-20T13:00:00Z' });
    expect(await world.dryRun()).toMatchObject({ otherWayCount: 1, otherWay: [{ jobId: '1' }] });
  });

  it('without a tenant, tries the jobs of every tenant without rules of its own', async () => {
    const world = createWorld();
    for (const tenantId of [TENANT, OTHER_TENANT]) {
      await world.addTenant(tenantId);
      await world.addJob(copies(500), {}, tenantId);
    }
    await world.configBlobs.write(`rules/${OTHER_TENANT}.json`, '{}');
    const { json } = await world.runJson('rules', 'dry-run', 'rules.json');
    expect(json).toMatchObject({ jobs: 1, otherWay: [{ tenantId: TENANT }] });
  });

  it('shows the latest jobs as a table, and how many more there are', async () => {
    const world = createWorld();
    for (const day of [3, 1, 2])
      await world.addJob(copies(500), { jobCreatedAt: daysBefore(day), configure: grayscale });
    const { code, stdout, stderr } = await world.run(
      ...['rules', 'dry-run', 'rules.json', '--tenant', TENANT, '--limit', '2'],
    );
    expect(code).toBe(0);
    const jobs = stdout.split('\n').filter((line) => line.includes(PRINTER));
    expect(jobs.map((line) => line.split(/ {2,}/))).toEqual(
      [1, 2].map((day, index) => [
        ...[daysBefore(day), TENANT, PRINTER, `${index + 2}`],
        ...['release, with {"colorMode":"grayscale"}', 'abort', 'big'],
      ]),
    );
    expect(stderr).toBe('1 older job not shown: add --limit <count>\n');
  });

  it('reports progress', async () => {
    const world = createWorld();
    world.ledger.list = async function* () {
      for (let read = 0; read < 10_001; read += 1) {
        yield await Promise.resolve({ rowKey: `jobStarted_d_${read}`, etag: 'e', row: undefined });
      }
    };
    const { stderr } = await world.run('rules', 'dry-run', 'rules.json', '--tenant', TENANT);
    expect(stderr).toBe('5000 job events read\n10000 job events read\n');
  });
});
