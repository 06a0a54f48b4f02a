import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const root = join(__dirname, '..', '..');

/** On two cores after npm ci, the build included, as the README has it typed. */
const LIMIT_MS = 30_000;

describe('npm run demo, the first command of the README', () => {
  it('shows both jobs from POST to event with exactly two events, then what rules do, and ends with 0 within 30 s', () => {
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
    expect(demo.status).toBe(0);
    expect(took).toBeLessThan(LIMIT_MS);
  }, 120_000);
});
