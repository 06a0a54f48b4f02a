import { ReceiverError } from '../../shared/errors';
import { toStorageError } from '../../shared/storage/errors';
import { createCliWorld } from '../support/createCliWorld';
import { DEFINITION, TENANT } from '../support/createSubscriptionWorld';

describe('the program (exit codes of the contract: 0 done, 1 failed, 2 wrong usage)', () => {
  it.each([
    ['nothing at all', []],
    ['an unknown group', ['nonsense']],
    ['an unknown verb', ['tenants', 'nonsense']],
    ['a group without a verb', ['subscriptions']],
    ['an unknown option', ['tenants', 'list', '--nonsense']],
    ['a missing argument', ['tenants', 'add', '--name', 'x']],
    ['a missing option', ['tenants', 'add', TENANT]],
    ['an extra argument', ['tenants', 'list', 'more']],
    ['a domain in place of a tenant id', ['tenants', 'add', 'customer.example', '--name', 'x']],
    ['an empty name', ['tenants', 'add', TENANT, '--name', ' ']],
    ['a name of two lines', ['tenants', 'add', TENANT, '--name', 'a\nb']],
    ['an id that changes the URL', ['subscriptions', 'add', '--tenant', TENANT, '--printer', 'a/b']],
    ['neither printer nor definition', ['subscriptions', 'add', '--tenant', TENANT]],
    ['both', ['subscriptions', 'add', '--tenant', TENANT, '--printer', 'a', '--definition', 'b']],
    ['a deletion without confirmation', ['definitions', 'delete', DEFINITION, '--tenant', TENANT]],
    ['the same for a trigger', ['triggers', 'delete', 't', '--tenant', TENANT, '--printer', 'p']],
    ['a replay without a selection', ['poison', 'replay']],
    ['a replay of all and of a cause', ['poison', 'replay', '--all', '--cause', 'x']],
    ['an unknown queue', ['poison', 'list', '--queue', 'x']],
  ])('%s is wrong usage, explained on stderr', async (_name, argv) => {
    const world = createCliWorld();
    const { code, stdout, stderr } = await world.run(...argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/\bat .*:\d+/);
    expect(world.graph.calls).toHaveLength(0);
    expect(world.tenantTable.size() + world.watchTable.size()).toBe(0);
  });

  it('every verb of every group has a help with an example and --json', async () => {
    const help = async (...argv: string[]) => {
      const { code, stdout, stderr } = await createCliWorld().run(...argv, '--help');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    /** The names under "Commands:", one a line. */
    const listed = (text: string) =>
      [...text.slice(text.indexOf('\nCommands:')).matchAll(/^ {2}([a-z][a-z-]*)/gm)]
        .map(([, word]) => word ?? '')
        // The verbs of the local cloud are another program, with tests of its own (tests/local/tool.test.ts).
        .filter((word) => !['help', 'print', 'fault', 'completion'].includes(word));
    const verbs: string[] = [];
    const visit = async (...words: string[]): Promise<void> => {
      const shown = await help(...words);
      if (shown.includes('\nCommands:')) {
        for (const word of listed(shown)) await visit(...words, word);
        return;
      }
      const name = words.join(' ');
      verbs.push(name);
      expect(shown).toMatch(new RegExp(`\\nExamples?:\\n {2}npm run -s cli -- ${name}\\b`));
      expect(shown).toContain('--json');
    };
    await visit();
    expect(verbs).toEqual(
      expect.arrayContaining(['status', 'tenants add', 'tenants token create', 'subscriptions revoke', 'jobs show']),
    );
    expect(verbs.length).toBeGreaterThan(25);
  });

  it('names every missing setting, one a line, without values', async () => {
    const world = createCliWorld({ env: { CLIENT_STATE_KEYS: 'k1:too-short-a-secret' } });
    const { code, stderr } = await world.run('tenants', 'add', TENANT, '--name', 'x');
    expect(code).toBe(1);
    for (const name of ['AzureWebJobsStorage__tableServiceUri', 'ENTRA_CLIENT_ID', 'PUBLIC_BASE_URL']) {
      expect(stderr).toMatch(new RegExp(`^  ${name} is missing`, 'm'));
    }
    expect(stderr).not.toContain('too-short-a-secret');
  });

  it.each([
    [Object.assign(new Error('secret'), { statusCode: 403 }), 'role assignments'],
    [
      Object.assign(new Error('secret'), {
        statusCode: 404,
        request: { url: 'http://127.0.0.1:10001/devstoreaccount1/print-notifications?sig=secret' },
      }),
      'Storage at http://127.0.0.1:10001/devstoreaccount1/print-notifications answered 404. The queue is missing',
    ],
    [
      toStorageError(
        Object.assign(new Error('secret'), { name: 'RestError', code: 'ECONNREFUSED' }),
        'storageUnavailable',
        'http://127.0.0.1:10002',
      ),
      'Cannot reach Table storage at http://127.0.0.1:10002 (connection refused). Is `npm start` running? Otherwise check AzureWebJobsStorage and the storage firewall.',
    ],
    [Object.assign(new Error('secret'), { statusCode: 500 }), 'AzureWebJobsStorage'],
    [Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }), 'Unexpected Error (ECONNREFUSED).'],
    [Object.assign(new Error('secret'), { code: 'a secret code' }), 'Unexpected Error.'],
    [new TypeError('secret'), 'Unexpected TypeError'],
    ['secret', 'Unexpected error'],
    [new ReceiverError('tokenRefused', 'problem', { remedy: 'Remedy.' }), 'problem. Remedy.'],
  ])('prints %p as a problem with a remedy', async (error, expected) => {
    const world = createCliWorld();
    world.tenants.list = () => {
      throw error as Error;
    };
    const { code, stdout, stderr } = await world.run('tenants', 'list');
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('secret');
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('prints its version', async () => {
    expect(await createCliWorld({ version: '3.4.5' }).run('--version')).toEqual({
      ...{ code: 0, stdout: '3.4.5\n', stderr: '' },
    });
  });

  it.each([
    [['jobs', 'lst', '--json'], "unknown command 'lst'"],
    [['tenants', 'add', 'customer.example', '--name', 'x', '--json'], /'customer\.example' is invalid/],
    [['tenants', 'list', '--json', '--nonsense'], "unknown option '--nonsense'"],
    [['poison', 'replay', '--json'], /^poison replay needs/],
  ])('with --json, wrong usage %p is one document on stderr', async (argv, problem) => {
    const { code, stdout, stderr } = await createCliWorld().run(...argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(stderr)).toEqual({
      code: 'usage',
      problem: typeof problem === 'string' ? problem : (expect.stringMatching(problem) as unknown),
      details: expect.any(Array) as unknown,
      remedy: expect.stringMatching(/\.$/) as unknown,
      retryable: false,
    });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('with --json, an error is one document on stderr with code, problem, details, remedy and retryable', async () => {
    const { code, stdout, stderr } = await createCliWorld({ env: { PUBLIC_BASE_URL: 'x' } }).run(
      'tenants',
      'add',
      TENANT,
      '--name',
      'x',
      '--json',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    const document = JSON.parse(stderr) as { details: string[] };
    expect(document).toMatchObject({ code: 'configInvalid', retryable: false, remedy: expect.any(String) as unknown });
    expect(document.details.join()).toContain('ENTRA_CLIENT_ID');
  });

  it('with --json, an error of unknown origin is a document without its message', async () => {
    const world = createCliWorld();
    world.tenants.list = () => {
      throw new TypeError('secret');
    };
    const { code, stderr } = await world.run('tenants', 'list', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'unexpected', problem: 'Unexpected TypeError' });
    expect(stderr).not.toContain('secret');
  });

  it('an argument --json after -- is no option', async () => {
    const { code, stderr } = await createCliWorld().run('tenants', 'nonsense', '--', '--json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: /);
  });

  it('writes the log to stderr with --verbose', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const { stdout, stderr } = await world.run('--verbose', 'subscriptions', 'reconcile', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ failures: [] });
    expect(stderr).toBe('');
    world.tenants.list = () => {
      throw new TypeError('secret');
    };
    const failed = await world.run('--verbose', 'tenants', 'list');
    expect(failed.stderr).toContain('"event":"cli.failed"');
    expect(failed.stderr).not.toContain('secret');
  });
});
