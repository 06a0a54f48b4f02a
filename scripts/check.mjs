/**
 * `npm run check`: checks the source without running it. All steps run, also after a failure. The output of a failed step
 * follows its line. The exit code is 1 when a step failed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const sources = ['shared', 'functions', 'cli', 'local', 'tests', 'bench', 'examples', 'scripts'].filter((folder) =>
  existsSync(join(root, folder)),
);

/** The JavaScript file behind a package's command: started with the Node that runs this script, whichever is first in PATH. */
const command = (name, bin = name) => {
  const manifest = join(root, 'node_modules', name, 'package.json');
  const { bin: bins } = require(manifest);
  return join(dirname(manifest), typeof bins === 'string' ? bins : bins[bin]);
};

const steps = [
  { name: 'types', what: 'tsc, strict', args: [command('typescript', 'tsc'), '--noEmit', '-p', '.'] },
  {
    name: 'types of the page',
    what: 'tsc, strict, for browsers',
    args: [command('typescript', 'tsc'), '--noEmit', '-p', 'local/console/page'],
  },
  { name: 'lint', what: 'eslint', args: [command('eslint'), '--max-warnings', '0', '.'] },
  {
    name: 'imports',
    what: 'dependency-cruiser',
    args: [
      command('dependency-cruiser', 'depcruise'),
      '--config',
      '.dependency-cruiser.cjs',
      '-T',
      'err-long',
      ...sources,
    ],
  },
  {
    name: 'format',
    what: 'prettier, npm run format corrects it',
    args: [command('prettier'), '--check', '--log-level', 'warn', '.'],
  },
  { name: 'unused code', what: 'knip', args: [command('knip'), '--no-progress'] },
  { name: 'infra', what: 'bicep', args: [join('scripts', 'bicep.mjs')] },
];

/** Lint takes as long as all other steps together, so it runs beside them. */
const isLint = ({ name }) => name === 'lint';
const results = await Promise.all([
  runInOrder(steps.filter((step) => !isLint(step))),
  runInOrder(steps.filter(isLint)),
]);
const failed = results.flat().filter((step) => !step.ok);
console.log(
  failed.length === 0 ? 'check: passed' : `check: ${failed.map((step) => step.name).join(', ')} failed, see above`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function runInOrder(list) {
  const done = [];
  for (const step of list) done.push(await run(step));
  return done;
}

/** Runs one step and prints its line, and its output when it failed. */
async function run({ name, what, args }) {
  const started = Date.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => (output += text));
  }
  const [code] = await once(child, 'close');
  const ok = code === 0;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  const skipped = ok && output.startsWith('skipped: ') ? `, ${output.trimEnd()}` : '';
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${what}), ${seconds} s${skipped}`);
  if (!ok) console.log(output.trimEnd().replace(/^/gm, '       '));
  return { name, ok };
}
