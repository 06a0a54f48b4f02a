import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCliWorld } from './support/createCliWorld';

const page = readFileSync(join(__dirname, '..', 'docs', 'pull-printing.md'), 'utf8');

describe('docs/pull-printing.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pull-printing-'));
  const world = createCliWorld({ directory: folder });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('shows rules without a fault, and a warning for none', async () => {
    const text = /^```json pull\.json\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
    writeFileSync(join(folder, 'pull.json'), text);
    expect(await world.run('rules', 'check', 'pull.json')).toEqual({
      code: 0,
      stdout: 'pull.json: 2 rules, 0 errors, 0 warnings.\n',
      stderr: '',
    });
  });

  const commands = [...page.matchAll(/^npm run -s cli -- (.+)$/gm)].map(([, words = '']) => words);
  // The device tokens have their own tests.
  it.each(commands.filter((words) => !words.startsWith('tenants token ')))(
    '%s: is a command with these options',
    async (words) => {
      const [group = '', verb = ''] = words.split(' ');
      const { code, stdout } = await world.run(group, verb, '--help');
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`Usage: .* ${group} ${verb} `));
      for (const [option] of words.matchAll(/--[a-z]+/g)) expect(stdout).toContain(`  ${option} <`);
    },
  );

  it('is linked from the README and from docs/rules.md', () => {
    for (const file of ['../README.md', '../docs/rules.md']) {
      expect(readFileSync(join(__dirname, file), 'utf8')).toMatch(/\]\((docs\/)?pull-printing\.md\)/);
    }
  });
});
