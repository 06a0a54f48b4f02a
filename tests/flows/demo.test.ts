import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(__dirname, '..', '..');

/** On two cores after npm ci, the build included, as the README has it typed. */
const LIMIT_MS = 40_000;

describe('npm run demo, the first command of the README', () => {
  it('shows both jobs from POST to event with exactly two events, then what rules do, and ends with 0 within 40 s', () => {
    const startedAt = performance.now();
    // Builds dist/ again with the same content, so no other flow runs beside this one.
    const demo = spawnSync('npm', ['run', '--silent', 'demo'], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, npm_config_update_notifier: 'false' },
      timeout: 110_000,
    });
    const took = performance.now() - startedAt;
    expect(demo.stderr).toBe('');
    expect(demo.stdout).toMatch(/^JobStarted, .*\n(?: +\+\d+ ms .*\n)+.*\boutcome released$/m);
    expect(demo.stdout).toMatch(/^JobFetchable, .*\n(?: +\+\d+ ms .*\n)+.*\boutcome fetchable$/m);
    expect(demo.stdout).toContain('Exactly two, one for each job.');
    // Each job of the customer with rules with its event.
    expect(demo.stdout).toMatch(/ {2}900 copies: print\.job\.started, outcome aborted, rule "big jobs"\n/);
    expect(demo.stdout).toMatch(/ {2}in color: print\.job\.started, outcome redirected, rule "color room"\n/);
    expect(demo.stdout).toMatch(/ {2}one page: print\.job\.started, outcome held, rule "pull printing"\n/);
    expect(demo.stdout).toMatch(/ {2}one page: print\.job\.ended, outcome released, rule "pull printing"\n/);
    expect(demo.stdout).toMatch(
      /Then its document is archived: print\.job\.fetchable, rule "archive"\n {2}blob +documents\//,
    );
    expect(demo.stdout).toMatch(/ {2}SHA-256 [0-9a-f]{64}\n/);
    expect(demo.status).toBe(0);
    expect(took).toBeLessThan(LIMIT_MS);
  }, 120_000);

  it('says "Stopped." on Ctrl-C, ends with 130, and leaves no process and no file', async () => {
    // Every process of the demo has this variable in its environment.
    const folder = mkdtempSync(join(tmpdir(), 'demo-'));
    const demo = spawn('npm', ['run', '--silent', 'demo'], {
      cwd: root,
      env: {
        ...process.env,
        TMPDIR: folder,
        npm_config_update_notifier: 'false',
        // npm keeps its own compiled code in the temporary folder, from Node 22 on.
        NODE_DISABLE_COMPILE_CACHE: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, as a terminal gives each command line.
      detached: true,
    });
    const said = { stdout: '', stderr: '' };
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      said.stdout += text;
      // While a command of the command line runs.
      if (/definitions create/.test(said.stdout) && !said.stdout.includes('Stopped.')) interrupt();
    });
    demo.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
    let interrupted = false;
    const interrupt = () => {
      if (!interrupted) process.kill(-(demo.pid ?? 0), 'SIGINT');
      interrupted = true;
    };
    const code = await new Promise<number | null>((resolve) => demo.once('close', resolve));
    expect(said.stdout).toMatch(/\nStopped\.\n$/);
    expect([code, said.stderr]).toEqual([130, '']);
    expect(readdirSync(folder)).toEqual([]);
    expect(processesWith(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  }, 120_000);
});

/** The processes whose environment has this text, by /proc. None on systems that have no /proc. */
function processesWith(text: string): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(join('/proc', pid, 'environ'), 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}
