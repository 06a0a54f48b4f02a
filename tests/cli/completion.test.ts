import { spawnSync } from 'node:child_process';
import { createCliWorld } from '../support/createCliWorld';

/** What bash offers after these words, of which the last is incomplete. */
async function complete(...words: string[]): Promise<string[]> {
  const { stdout: script, code } = await createCliWorld().run('completion', 'bash');
  expect(code).toBe(0);
  const line = ['upr', ...words].map((word) => `'${word}'`).join(' ');
  const asked = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _upr; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', asked], { encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion in bash', () => {
  it('offers the groups', async () => {
    expect(await complete('')).toEqual(expect.arrayContaining(['tenants', 'jobs', 'rules', 'status', '--version']));
    expect(await complete('te')).toEqual(['tenants']);
  });

  it('offers the verbs of a group, also of a group in a group', async () => {
    expect(await complete('jobs', 're')).toEqual(['release', 'redirect']);
    expect(await complete('tenants', 'token', 'c')).toEqual(['create']);
  });

  it('offers the options of a verb, behind other options too', async () => {
    expect(await complete('jobs', 'list', '--te')).toEqual(['--tenant']);
    expect(await complete('jobs', 'list', '--tenant', 't', '--js')).toEqual(['--json']);
  });

  it('offers the words of an option, where they are known', async () => {
    expect(await complete('jobs', 'list', '--state', '')).toEqual(expect.arrayContaining(['held', 'done']));
    expect(await complete('jobs', 'list', '--tenant', '')).toEqual([]);
  });
});

it.each([
  ['zsh', 'bashcompinit'],
  ['fish', "complete -c upr -f -n '__fish_seen_subcommand_from jobs' -a list"],
])('prints a script for %s', async (shell, line) => {
  expect((await createCliWorld().run('completion', shell)).stdout).toContain(line);
});

it('refuses another shell', async () => {
  const { code, stderr } = await createCliWorld().run('completion', 'cmd');
  expect(code).toBe(2);
  expect(stderr).toContain('bash, zsh, fish');
});
