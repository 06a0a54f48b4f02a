import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SETTING_NAMES } from '../../shared/config';

/** The command in a package of its own, whose build and program are a few lines. */
describe('the command (works right after npm ci, builds only when dist/ is missing)', () => {
  let root: string;
  const main = () => join(root, 'dist', 'cli', 'main.mjs');
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'command-'));
    for (const folder of ['cli', 'scripts']) mkdirSync(join(root, folder));
    copyFileSync(join(__dirname, '..', '..', 'cli', 'run.cjs'), join(root, 'cli', 'run.cjs'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const writeBuild = (lines: string) => writeFileSync(join(root, 'scripts', 'build.mjs'), lines);
  const run = (...argv: string[]) =>
    spawnSync(process.execPath, [join(root, 'cli', 'run.cjs'), ...argv], { encoding: 'utf8', cwd: tmpdir() });

  it('builds first, keeps stdout for data, and passes arguments and exit code through', () => {
    writeBuild(`
      import { mkdirSync, writeFileSync } from 'node:fs';
      console.log('building');
      mkdirSync(${JSON.stringify(join(root, 'dist', 'cli'))}, { recursive: true });
      writeFileSync(${JSON.stringify(main())}, 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 2;');
    `);
    const first = run('tenants', 'list', '--json');
    expect(first).toMatchObject({ status: 2, stdout: '["tenants","list","--json"]\n', stderr: 'building\n' });
    expect(run('x')).toMatchObject({ status: 2, stdout: '["x"]\n', stderr: '' });
  });

  it.each([
    ['fails', 'process.exit(3)'],
    ['builds nothing', ''],
  ])('prints what to do when the build %s', (_name, lines) => {
    writeBuild(lines);
    const { status, stdout, stderr } = run('tenants', 'list');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('npm run build');
    expect(existsSync(main())).toBe(false);
  });

  it('passes the certificates that local.settings.json names to Node, as the host does', () => {
    mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
    writeFileSync(main(), 'console.log(process.env.NODE_EXTRA_CA_CERTS, process.argv[2]); process.exitCode = 2;');
    const settings = join(root, 'local.settings.json');
    const ca = join(root, 'ca.pem');
    const said = (own: Record<string, string> = {}) => {
      const argv = [join(root, 'cli', 'run.cjs'), 'status'];
      const env = { PATH: process.env['PATH'] ?? '', ...own };
      const { status, stdout } = spawnSync(process.execPath, argv, { encoding: 'utf8', cwd: root, env });
      return { status, stdout };
    };
    expect(said()).toEqual({ status: 2, stdout: 'undefined status\n' });
    writeFileSync(settings, JSON.stringify({ Values: { NODE_EXTRA_CA_CERTS: ca } }));
    expect(said()).toEqual({ status: 2, stdout: 'undefined status\n' });
    writeFileSync(ca, '');
    expect(said()).toEqual({ status: 2, stdout: `${ca} status\n` });
    // The certificates of the machine do not include the sign-in host of the local cloud.
    const others = join(root, 'others.pem');
    writeFileSync(others, '');
    expect(said({ NODE_EXTRA_CA_CERTS: others })).toEqual({ status: 2, stdout: `${ca} status\n` });
    // The settings come from the environment then, and the file must not say who is trusted with its secrets.
    for (const name of SETTING_NAMES) {
      // This one leaves the others to the file.
      const expected = name === 'TRUSTED_HOSTS' ? ca : 'undefined';
      expect(said({ [name]: 'x' }).stdout).toBe(`${expected} status\n`);
    }
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends the program when it gets %s itself', async (signal) => {
    mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
    const ca = join(root, 'ca.pem');
    writeFileSync(ca, '');
    writeFileSync(join(root, 'local.settings.json'), JSON.stringify({ Values: { NODE_EXTRA_CA_CERTS: ca } }));
    writeFileSync(
      main(),
      `process.once('${signal}', () => process.exit(7)); console.log('ready'); setInterval(() => {}, 1000);`,
    );
    const env = { PATH: process.env['PATH'] ?? '' };
    const command = spawn(process.execPath, [join(root, 'cli', 'run.cjs'), 'listen'], { cwd: root, env });
    await once(command.stdout, 'data');
    command.kill(signal);
    // 'close' comes after the program, which has the same output, has ended.
    expect(await once(command, 'close')).toEqual([7, null]);
  });

  it('prints what to do when the build cannot be loaded', () => {
    mkdirSync(join(root, 'dist', 'cli'), { recursive: true });
    writeFileSync(main(), "import 'a-package-that-is-not-there';");
    const { status, stdout, stderr } = run('tenants', 'list');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain('npm run build');
  });
});
