import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import packageJson from '../package.json';
import { HOST_SETTING_NAMES, SETTING_NAMES } from '../shared/config';
import { createCliWorld } from './support/createCliWorld';
import { readRunnableBlocks, readRunnablePages } from './support/runnableBlocks';
import { expectNoPowerShell, findPowerShell, runBash, runPowerShell } from './support/shells';

const ROOT = join(__dirname, '..');
/** What the blocks call. Each is recorded, because it needs Azure, a registry or minutes. */
const PROGRAMS = ['az', 'azd', 'func', 'npm', 'node', 'git', 'curl', 'openssl'];
/** Settings of the product, and what a parameter file reads. */
const VARIABLES = '^(AzureWebJobsStorage|[A-Z]+_STORAGE_|GRAPH_|ENTRA_|CLIENT_STATE_KEYS|PUBLIC_BASE_URL|AZURE_)';

/** The words of one call, its program first. */
type Call = string[];

describe('runnable blocks of pages on Azure', () => {
  const folder = mkdtempSync(join(tmpdir(), 'blocks-'));
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  // What npm run package would write.
  mkdirSync(join(folder, 'dist', 'app'), { recursive: true });
  for (const name of PROGRAMS) copyFileSync(join(__dirname, 'fixtures', 'recordedProgram.sh'), join(programs, name));
  afterAll(() => rmSync(folder, { recursive: true }));
  const pwsh = findPowerShell();
  const { azure } = readRunnablePages(ROOT);

  /** Runs a page in one shell, from the root of a package, and returns what it called. */
  async function callsOf(page: string, shell: 'bash' | 'powershell'): Promise<Call[]> {
    const log = join(folder, `${page.replaceAll('/', '-')}.${shell}`);
    const env = {
      PATH: `${programs}${delimiter}${process.env['PATH'] ?? ''}`,
      RECORDED_CALLS: log,
      RECORDED_VARIABLES: VARIABLES,
    };
    const blocks = azure.find((one) => one.page === page)?.blocks ?? [];
    const text = blocks.map((block) => block[shell]).join('\n');
    const options = { cwd: folder, env };
    const run =
      shell === 'bash'
        ? await runBash(text, { ...options, strict: true })
        : await runPowerShell(pwsh ?? '', text, { ...options, home: folder });
    expect(run.code === 0 ? 'done' : run.said).toBe('done');
    // 32 random bytes: of openssl in bash, and of .NET in PowerShell.
    const calls = readFileSync(log, 'utf8')
      .replace(/[A-Za-z0-9+/]{43}=/g, 'answer-of-openssl')
      .split('\u001e')
      .slice(0, -1);
    return calls.map((call) => call.split('\u001f').slice(0, -1)).filter(([program]) => program !== 'openssl');
  }

  describe.each(azure.map(({ page }) => page))('%s', (page) => {
    let calls: Call[];
    beforeAll(async () => {
      calls = await callsOf(page, 'bash');
    }, 60_000);

    it('makes the same calls in PowerShell 7 as in bash', async () => {
      if (pwsh === undefined) return expectNoPowerShell(page);
      expect(await callsOf(page, 'powershell')).toEqual(calls);
    }, 60_000);

    it('names scripts of package.json, and files that exist or that an earlier step writes', () => {
      const written = ['dist/app', 'dist/universal-print-receiver.zip'];
      const files = calls.flatMap(([program, ...words]) => [
        ...(program === 'node' ? words.slice(0, 1) : []),
        ...words.flatMap((word, index) => {
          const isFile = ['--template-file', '--parameters', '--src'].includes(words[index - 1] ?? '');
          return isFile && !word.includes('=') ? [word] : [];
        }),
      ]);
      expect(files.filter((file) => !written.includes(file) && !existsSync(join(ROOT, file)))).toEqual([]);
      const scripts = calls.flatMap(([program, verb, name = '']) =>
        program === 'npm' && verb === 'run' && name !== '-s' ? [name] : [],
      );
      expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
    });

    it('names parameters of the template and variables of its parameter file', () => {
      const names = calls.flatMap(([program, ...words]) => {
        if (program === 'azd' && words[1] === 'set') return [`readEnvironmentVariable('${words[2] ?? ''}'`];
        const given = words.filter((word, index) => words[index - 1] === '--parameters' && word.includes('='));
        return program === 'az' ? given.map((word) => `param ${word.split('=')[0] ?? ''} `) : [];
      });
      const infra = names.length === 0 ? '' : [read('infra/main.bicep'), read('infra/main.bicepparam')].join('\n');
      expect(names.filter((name) => !infra.includes(name))).toEqual([]);
    });

    it('uses the command line with its verbs and options, and with settings that it reads', async () => {
      const known: readonly string[] = [...SETTING_NAMES, ...HOST_SETTING_NAMES];
      for (const [program, ...words] of calls) {
        if (program !== 'npm' || words[1] !== '-s') continue;
        const isVariable = (word: string) => new RegExp(VARIABLES).test(word);
        const argv = words.slice(4).filter((word) => !isVariable(word));
        const end = argv.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
        const verb = end < 0 ? argv : argv.slice(0, end);
        const { code, stdout } = await createCliWorld().run(...verb, '--help');
        expect({ verb, code }).toEqual({ verb, code: 0 });
        expect(stdout).toContain(` ${verb.join(' ')} [options]`);
        for (const option of argv.filter((word) => word.startsWith('--'))) expect(stdout).toContain(` ${option}`);
        const settings = words.filter(isVariable).map((word) => word.split('=')[0] ?? '');
        expect(settings.filter((name) => !known.includes(name) && !name.startsWith('AZURE_'))).toEqual([]);
      }
    });
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('reading runnable blocks', () => {
  it('takes marked blocks, and a variant for the one before it', () => {
    const page = 'a\n```bash run\nx\n```\nor\n```powershell run\ny\n```\n```bash run\nz\n```\n```sh\nnot\n```\n';
    expect(readRunnableBlocks(page)).toEqual([
      { line: 2, bash: 'x\n', powershell: 'y\n' },
      { line: 9, bash: 'z\n', powershell: 'z\n' },
    ]);
  });

  it('refuses a variant without a block for bash before it', () => {
    const page = '```bash run\nx\n```\n```sh\nnot\n```\n```powershell run\ny\n```\n';
    expect(() => readRunnableBlocks(page)).toThrow('The block in line 7 is a variant');
  });
});
