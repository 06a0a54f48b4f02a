import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');

describe('npm run demo, the first command of the README', () => {
  it('shows both jobs from POST to event and ends with 0, exactly two events having come out', () => {
    // Built already: npm test builds before the flows.
    const demo = spawnSync(process.execPath, [join(root, 'dist', 'local', 'demo.mjs')], {
      cwd: root,
      encoding: 'utf8',
      timeout: 110_000,
    });
    expect(demo.stderr).toBe('');
    expect(demo.stdout).toMatch(/^JobStarted, .*\n(?: +\+\d+ ms .*\n)+.*\boutcome released$/m);
    expect(demo.stdout).toMatch(/^JobFetchable, .*\n(?: +\+\d+ ms .*\n)+.*\boutcome fetchable$/m);
    expect(demo.stdout).toContain('Exactly two, one for each job.');
    expect(demo.status).toBe(0);
  }, 120_000);
});
