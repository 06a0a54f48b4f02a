/**
 * `npm test`, `npm run test:unit` and `npm run test:soak`: runs parts of the tests, see USAGE. The last line is
 * "N passed, N failed". The exit code is 1 when a test failed, the coverage is under its bar, or no test ran.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findBrowser, INSTALL_BROWSER } from './findBrowser.mjs';

const USAGE = `Usage: npm test -- [part...] [path...] [options]

Builds the app and runs the tests, all parts but the last two in this order:
  unit    in process, seconds (npm run test:unit)
  local   the stand-ins of local/ and other programs, as processes
  flows   the built app in the local cloud, two files at a time
  timing  flows that measure time, one file at a time
  browser the console in a browser: Chromium, Chrome or Edge. Without one, this part is not run, or fails where CI is set
  soak    thirty simulated days (npm run test:soak), only when named
  dotnet  the example consumer in .NET, only when named: it needs the .NET SDK 10

A path, or a part of one, runs only the files that match:
  npm test -- flows tests/flows/sweep.test.ts
  npm run test:unit -- tests/shared/jobs

Options:
  -t, --test <pattern>  run only tests whose name matches
  --no-coverage         do not count the coverage of shared/, which is most of the time of the unit part
  --days <n>            days of the soak, at least 6 (30)
  --help                show this help

Environment:
  SOAK_SEED             repeats the soak with this seed
  TEST_BROWSER          the program of the browser, if it is in no usual place`;

/** What each part needs of Jest. All but `unit` run the built app. */
const PARTS = {
  unit: ['--maxWorkers', '100%'],
  local: ['--maxWorkers', '100%'],
  flows: ['--maxWorkers', '2'],
  timing: ['--runInBand'],
  browser: ['--runInBand'],
  soak: ['--runInBand'],
  dotnet: ['--runInBand'],
};
/** Enough for the name of a test, the values compared, and the line of the test. */
const FAILURE_LINES = 40;
const DEFAULT_PARTS = ['unit', 'local', 'flows', 'timing', 'browser'];

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin', 'jest.js');
const reporter = join(root, 'scripts', 'progressReporter.cjs');
const { values: options, positionals } = readArguments();
if (options.help) {
  console.log(USAGE);
  process.exit(0);
}
const named = positionals.filter((name) => name in PARTS);
const paths = positionals.filter((name) => !(name in PARTS));
const wanted = named.length > 0 ? named : DEFAULT_PARTS;
const browser = findBrowser();
const parts = wanted.filter((part) => part !== 'browser' || browser !== undefined);
/** The bar is one of all in-process tests: a selection cannot meet it. */
const countsCoverage = !options['no-coverage'] && paths.length === 0 && options.test === undefined;

const problems = [];
const notes = [];
const failures = [];
let passed = 0;
let failed = 0;
if (parts.length < wanted.length && (paths.length === 0 || named.includes('browser'))) {
  const note = `the part browser, which opens the console, was not run: no browser was found. ${INSTALL_BROWSER}`;
  if (process.env.CI || named.includes('browser')) problems.push(note);
  else notes.push(note);
}
const folder = await mkdtemp(join(tmpdir(), 'print-tests-'));
try {
  const needsBuild = parts.some((part) => part !== 'unit');
  if (needsBuild && (await runNode([join(root, 'scripts', 'build.mjs')])) !== 0) {
    failed += 1;
    problems.push('the build failed');
  } else {
    for (const part of parts) await runPart(part);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (passed + failed === 0) problems.push('no test ran');
// Repeated here, because a run of many minutes is read from its end.
for (const failure of failures) console.log(`Failed: ${failure.split('\n').slice(0, FAILURE_LINES).join('\n')}\n`);
for (const note of notes) console.log(`Note: ${note}`);
for (const problem of problems) console.log(`Problem: ${problem}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = problems.length === 0 && failed === 0 ? 0 : 1;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        test: { type: 'string', short: 't' },
        'no-coverage': { type: 'boolean', default: false },
        days: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** Runs one project of jest.config.cjs and adds its counts. */
async function runPart(part) {
  const file = join(folder, `${part}.json`);
  const env = { TEST_PART: `Part ${parts.indexOf(part) + 1} of ${parts.length}, ${part}`, TEST_COUNTS: file };
  if (part === 'soak') {
    env.SOAK_SEED = process.env.SOAK_SEED ?? `${randomInt(1, 2 ** 31)}`;
    env.SOAK_DAYS = options.days ?? process.env.SOAK_DAYS ?? '30';
    console.log(`Seed ${env.SOAK_SEED}. To repeat this run: SOAK_SEED=${env.SOAK_SEED} npm run test:soak`);
  }
  if (part === 'browser') env.TEST_BROWSER = browser;
  const started = Date.now();
  const code = await runNode(
    [
      ...[jest, '--selectProjects', part, '--reporters', reporter, '--passWithNoTests', ...PARTS[part]],
      ...(part === 'unit' && countsCoverage ? ['--coverage'] : []),
      ...(options.test === undefined ? [] : ['--testNamePattern', options.test]),
      ...(paths.length === 0 ? [] : ['--testPathPatterns', ...paths]),
    ],
    env,
  );
  const counts = await readCounts(file, code);
  passed += counts.passed;
  failed += counts.failed;
  failures.push(...counts.failures);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${part}: ${counts.passed} passed, ${counts.failed} failed${skipped} in ${seconds} s\n`);
  if (code !== 0) problems.push(`${part}: jest exited with ${code}, see above`);
}

/**
 * The counts and failures that the reporter wrote. Without them: Jest found no file for this part, or ended before it could
 * write.
 */
async function readCounts(file, code) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, failures: [] };
  }
}

/** @returns the exit code, or the name of the signal that ended the process */
async function runNode(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = await once(child, 'close');
  return code ?? signal;
}
