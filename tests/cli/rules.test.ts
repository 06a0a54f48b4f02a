import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiverError } from '../../shared/errors';
import { createCliWorld } from '../support/createCliWorld';
import { OTHER_TENANT, TENANT } from '../support/createSubscriptionWorld';

const folder = mkdtempSync(join(tmpdir(), 'cli-rules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value, null, 2));
const rule = (name: string, more: object = {}) => ({ name, on: 'jobStarted', then: { release: {} }, ...more });
const rules = (...list: object[]) => ({ version: 1, rules: list });

function createWorld() {
  write('a.json', rules(rule('one'), rule('two', { on: 'jobFetchable', then: { notify: {} } })));
  write('faulty.json', '{\n"version": 1,\n"rules": [{}]\n}');
  write('job.json', { printerId: 'p1', job: { configuration: { copies: 3 } } });
  return createCliWorld({ directory: folder });
}

describe('rules check', () => {
  it('ends with 0 for warnings alone, and prints them', async () => {
    const world = createWorld();
    write('warn.json', rules(rule('one', { when: { colorMode: 'sepia' } })));
    const { code, stdout } = await world.run('rules', 'check', 'warn.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^warn\.json:11:9 warning: \$\.rules\[0\]\.when\.colorMode .*\nwarn\.json: 1 rule, 0 errors, 1 warning\.\n$/,
    );
  });

  it('ends with 1 for a fault, with its place in --json', async () => {
    const { code, json } = await createWorld().runJson('rules', 'check', 'faulty.json');
    expect(code).toBe(1);
    expect(json).toEqual({
      file: 'faulty.json',
      valid: false,
      findings: [
        {
          severity: 'error',
          line: 3,
          column: 11,
          path: '$.rules[0].on',
          message: 'must be jobStarted or jobFetchable',
        },
      ],
    });
  });

  it('names a file that cannot be read', async () => {
    const { code, stderr } = await createWorld().run('rules', 'check', 'missing.json');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: missing.json cannot be read (ENOENT). Check the path and the permissions.\n',
    });
  });
});

describe('rules test', () => {
  it('says why each rule does not match', async () => {
    const world = createWorld();
    write(
      'why.json',
      rules(
        rule('fetchable', { on: 'jobFetchable', then: { notify: {} } }),
        rule('copies', { when: { copies: { above: 5 } } }),
        rule('inner', { when: { all: [{ copies: 3 }, { user: 'a*' }] } }),
        rule('any', { when: { any: [{ copies: 1 }, { copies: 2 }] } }),
        rule('not', { when: { not: { copies: 3 } } }),
        rule('late', { when: { time: { days: ['Mon'], zone: 'UTC' } } }),
        rule('redirected', { when: { redirected: true } }),
        rule('held', { when: { copies: 3 }, then: { hold: { for: '1m', else: 'abort' } } }),
        rule('after'),
      ),
    );
    const { code, json } = await world.runJson('rules', 'test', 'why.json', '--job', 'job.json');
    expect(code).toBe(0);
    const failed = (index: number, path: (string | number)[], asked: unknown, found?: unknown) => ({
      result: 'failed',
      failed: { path: ['rules', index, 'when', ...path], asked, ...(found === undefined ? {} : { found }) },
    });
    expect(json).toEqual({
      rule: 'held',
      action: { kind: 'hold', minutes: 1, else: 'abort', document: false },
      rules: [
        { rule: 'fetchable', result: 'otherEvent' },
        { rule: 'copies', ...failed(1, ['copies'], { above: 5 }, 3) },
        { rule: 'inner', ...failed(2, ['all', 1, 'user'], 'a*', {}) },
        { rule: 'any', ...failed(3, ['any'], [{ copies: 1 }, { copies: 2 }]) },
        { rule: 'not', ...failed(4, ['not'], { copies: 3 }) },
        { rule: 'late', ...failed(5, ['time'], { days: ['Mon'], zone: 'UTC' }, null) },
        { rule: 'redirected', ...failed(6, ['redirected'], true, false) },
        { rule: 'held', result: 'matched' },
        { rule: 'after', result: 'notReached' },
      ],
    });
  });

  it('takes a job event of this app, and leaves a redirected job alone', async () => {
    const world = createWorld();
    const event = (type: string, job: object) => ({ type, data: { printerId: 'p1', job, documents: [] } });
    write('fetchable.json', event('print.job.fetchable', {}));
    expect((await world.run('rules', 'test', 'a.json', '--job', 'fetchable.json')).stdout).toContain(
      'Rule "two" decides: notify.',
    );
    write('redirected.json', event('print.job.started', { redirectedFrom: 'https://x' }));
    const { stdout } = await world.run('rules', 'test', 'a.json', '--job', 'redirected.json');
    expect(stdout).toContain('No rule matches: release.');
    expect(stdout).toMatch(/one +not changed +the job was redirected/);
  });

  it('shows the local time of a job', async () => {
    const world = createWorld();
    write('time.json', rules(rule('late', { when: { time: { days: ['Mon'], zone: 'Europe/Berlin' } } })));
    write('timed.json', { printerId: 'p1', job: { createdDateTime: '2026-11-27T08:05:00Z' } });
    const { stdout } = await world.run('rules', 'test', 'time.json', '--job', 'timed.json');
    expect(stdout).toContain('the job has "Fri 09:05"');
  });

  it.each([
    [
      'the rules are faulty',
      ['faulty.json', '--job', 'job.json'],
      /^error: faulty\.json has no valid rules:\n {2}faulty\.json:3:11 error/,
    ],
    [
      'the job is none',
      ['a.json', '--job', 'a.json'],
      /^error: a\.json is not a job\. It must be a JSON object with printerId/,
    ],
    ['nothing is stored', ['--tenant', TENANT, '--job', 'job.json'], /^error: No rules are in force for tenant/],
  ])('fails when %s', async (_name, argv, message) => {
    const { code, stdout, stderr } = await createWorld().run('rules', 'test', ...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('needs a file or a tenant', async () => {
    expect((await createWorld().run('rules', 'test', '--job', 'job.json')).code).toBe(2);
    expect((await createWorld().run('rules', 'test', 'a.json', '--tenant', TENANT, '--job', 'job.json')).code).toBe(2);
  });

  it('tries the rules in force for a tenant', async () => {
    const world = createWorld();
    await world.run('rules', 'push', 'a.json');
    const { stdout } = await world.run('rules', 'test', '--tenant', TENANT, '--job', 'job.json');
    expect(stdout).toContain('Rule "one" decides: release.');
    await world.configBlobs.write(`rules/${TENANT}.json`, 'x');
    const { code, stderr } = await world.run('rules', 'test', '--tenant', TENANT, '--job', 'job.json');
    expect(code).toBe(1);
    expect(stderr).toContain(`rules/${TENANT}.json has no valid rules: line 1: $ is not JSON here`);
    world.configBlobs.read = () => Promise.reject(new ReceiverError('blobsUnavailable', 'Cannot reach Blob storage'));
    expect((await world.run('rules', 'test', '--tenant', TENANT, '--job', 'job.json')).stderr).toContain(
      'Cannot reach Blob storage',
    );
  });
});

describe('rules push', () => {
  it('stores nothing that has errors', async () => {
    const world = createWorld();
    const { code, stderr } = await world.run('rules', 'push', 'faulty.json');
    expect(code).toBe(1);
    expect(stderr).toContain('error: faulty.json was not stored:');
    expect(world.configBlobs.texts.size).toBe(0);
  });

  it('replaces only the version that is named, and keeps it', async () => {
    const world = createWorld();
    expect(await world.runJson('rules', 'push', 'a.json')).toMatchObject({
      json: { blob: 'rules/default.json', etag: '0x1' },
    });
    write('b.json', rules(rule('three')));
    for (const etag of [[], ['--etag', '0x9']]) {
      const { code, stderr } = await world.run('rules', 'push', 'b.json', ...etag);
      expect(code).toBe(1);
      expect(stderr).toContain(
        'rules/default.json exists with ETag 0x1. Compare with rules diff. To replace this version, add --etag 0x1',
      );
    }
    expect([...world.configBlobs.texts.keys()]).toEqual(['rules/default.json']);
    expect((await world.run('rules', 'push', 'b.json', '--etag', '"0x1"')).code).toBe(0);
    const history = `rules/history/${new Date(world.clock.now()).toISOString()}_default.json`;
    expect([...world.configBlobs.texts.keys()]).toEqual(['rules/default.json', history]);
    expect(world.configBlobs.texts.get(history)).toContain('"one"');
    expect(world.configBlobs.texts.get('rules/default.json')).toContain('"three"');
  });

  it('refuses an ETag where nothing is stored, and a version that changed meanwhile', async () => {
    const world = createWorld();
    expect((await world.run('rules', 'push', 'a.json', '--etag', '0x1')).stderr).toContain(
      'does not exist. Omit --etag.',
    );
    world.configBlobs.write = () => Promise.resolve(undefined);
    expect((await world.run('rules', 'push', 'a.json')).code).toBe(1);
  });

  it('asks for the name of the tenant whose rules are replaced', async () => {
    const world = createWorld();
    await world.addTenant();
    const name = (await world.tenants.get(TENANT))?.name ?? '';
    const push = (...more: string[]) => world.run('rules', 'push', 'a.json', '--tenant', TENANT, ...more);
    for (const wrong of [[], ['--name', 'Another']]) {
      const { code, stderr } = await push(...wrong);
      expect(code).toBe(2);
      expect(stderr).toContain(`add --name "${name}"`);
    }
    expect((await push('--name', name)).stdout).toContain(`Stored rules/${TENANT}.json with ETag 0x1`);
    expect((await world.run('rules', 'push', 'a.json', '--tenant', OTHER_TENANT, '--name', 'x')).stderr).toContain(
      'not on the allow-list',
    );
  });
});

describe('rules pull and diff', () => {
  it('pull prints what was stored, with its ETag beside it', async () => {
    const world = createWorld();
    expect((await world.run('rules', 'pull')).stderr).toContain(
      'rules/default.json does not exist. Store rules: rules push <file>',
    );
    await world.run('rules', 'push', 'a.json');
    const { stdout, stderr } = await world.run('rules', 'pull');
    expect(`${world.configBlobs.texts.get('rules/default.json')}\n`).toBe(stdout);
    expect(stderr).toBe('rules/default.json has ETag 0x1\n');
    expect((await world.runJson('rules', 'pull')).json).toMatchObject({ etag: '0x1', text: stdout.trimEnd() });
  });

  it('pull prints JSON, with commands in it as they are, for a file with tabs and a byte order mark', async () => {
    const world = createCliWorld({ directory: folder, calledAs: 'upr' });
    const rule = { name: 'See: tenants list', on: 'jobStarted', then: { release: {} } };
    const text = JSON.stringify({ version: 1, rules: [rule] }, null, '\t');
    await world.configBlobs.write('rules/default.json', `\uFEFF${text}`);
    const { stdout } = await world.run('rules', 'pull');
    expect(JSON.parse(stdout)).toEqual(JSON.parse(text));
  });

  it('diff names rules that were added, removed, changed and moved', async () => {
    const world = createWorld();
    const of = (name: string) => rule(name, { when: { user: name } });
    write('old.json', rules(of('a'), of('b'), of('c'), of('d')));
    write('new.json', { ...rules(of('b'), of('a'), of('e'), rule('d', { when: { user: 'x' } })), onFailure: 'abort' });
    expect((await world.runJson('rules', 'diff', 'old.json')).json).toMatchObject({
      differences: ['a', 'b', 'c', 'd'].map((name) => ({ change: 'added', what: `rule "${name}"` })),
    });
    await world.run('rules', 'push', 'old.json');
    expect((await world.run('rules', 'diff', 'old.json')).stdout).toBe(
      'old.json has the same rules as rules/default.json.\n',
    );
    const { json } = await world.runJson('rules', 'diff', 'new.json');
    expect(json).toEqual({
      blob: 'rules/default.json',
      etag: '0x1',
      differences: [
        { change: 'changed', what: 'onFailure' },
        { change: 'removed', what: 'rule "c"' },
        { change: 'moved', what: 'rule "b"' },
        { change: 'moved', what: 'rule "a"' },
        { change: 'added', what: 'rule "e"' },
        { change: 'changed', what: 'rule "d"' },
      ],
    });
  });
});
