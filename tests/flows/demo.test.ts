import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(__dirname, '..', '..');

/** On two cores after npm ci, the build included, as the README has it typed. */
const LIMIT_MS = 40_000;

/** These steps of one job, in this order, with others between them. */
function stepsOf(...texts: readonly string[]): RegExp {
  return new RegExp(texts.map((text) => `^ +\\+\\d+ ms  ${text}.*\\n`).join('(?: +\\+\\d+ ms .*\\n)*'), 'm');
}

describe('npm run demo, the first command of the README', () => {
  it('shows both jobs from POST to event with exactly two events, then faults and what rules do, and ends with 0 within 40 s', () => {
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
    // The body of an event, as a reader receives it.
    expect(demo.stdout).toMatch(/^The event of JobStarted, Contoso, job \d+:\n\{\n {2}"specversion": "1\.0",$/m);
    // Each fault with what the app does about it.
    expect(demo.stdout).toMatch(
      stepsOf('The notification is lost', 'The sweep finds the job', 'The event print.job.started'),
    );
    expect(demo.stdout).toMatch(stepsOf('Graph answers 429', 'The app tries again', 'The event print.job.fetchable'));
    expect(demo.stdout).toMatch(stepsOf('Graph posts the same notification again', 'The app drops the duplicate'));
    expect(demo.stdout).toMatch(/^ {2}The app refuses a notification that Graph did not send: wrongMac\./m);
    expect(demo.stdout).toContain('Each job has one event, and the forged one none.');
    // Each job of the customer with rules with its event.
    expect(demo.stdout).toMatch(/ {2}900 copies: print\.job\.started, outcome aborted, rule "big jobs"\n/);
    expect(demo.stdout).toMatch(/ {2}in color: print\.job\.started, outcome redirected, rule "color room"\n/);
    expect(demo.stdout).toMatch(/ {2}one page: print\.job\.started, outcome held, rule "pull printing"\n/);
    expect(demo.stdout).toMatch(/ {2}one page: print\.job\.ended, outcome released, rule "pull printing"\n/);
    expect(demo.stdout).toMatch(
      /Then its document is archived: print\.job\.fetchable, rule "archive"\n {2}blob +documents\//,
    );
    expect(demo.stdout).toMatch(/ {2}SHA-256 [0-9a-f]{64}\n/);
    // Each number is that of one customer.
    const customerOf = new Map<string, Set<string>>();
    for (const [, customer = '', jobId = ''] of demo.stdout.matchAll(/^Job\w+, (\w+), job (\d+)$/gm)) {
      customerOf.set(jobId, (customerOf.get(jobId) ?? new Set()).add(customer));
    }
    expect(customerOf.size).toBeGreaterThanOrEqual(4);
    expect([...customerOf.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(demo.stdout).toMatch(/\nNext:\n(?: {2}\S+.*\n){3,}\nDone after \d+\.\d s\. Nothing is left running\.\n$/);
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
