/**
 * `npm run test:soak` (argument `soak`): builds, and runs the month by the hour with the seed of SOAK_SEED or one of its own.
 *
 * `npm test`: builds, runs the tests in process with the coverage bar of jest.config.cjs, then the flows one file at a
 * time, because some of them measure time. Ends with the line "N passed, N failed" and with 1 when a test failed, the
 * coverage is under its bar, or nothing ran. `--no-coverage` leaves the counting out, which is most of the time in process.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const jest = join(dirname(createRequire(import.meta.url).resolve('jest/package.json')), 'bin', 'jest.js');
const folder = await mkdtemp(join(tmpdir(), 'print-tests-'));
const name = process.argv[2] === 'soak' ? 'npm run test:soak' : 'npm test';
const problems = [];
let passed = 0;
let failed = 0;

try {
  if ((await runNode([join(root, 'scripts', 'build.mjs')])) === 0) {
    if (process.argv[2] === 'soak') {
      const seed = (process.env.SOAK_SEED ??= `${randomInt(1, 2 ** 31)}`);
      console.log(`Seed ${seed}: SOAK_SEED=${seed} npm run test:soak repeats this run`);
      await runProject('soak', ['--runInBand']);
    } else {
      const counting = process.argv.includes('--no-coverage') ? [] : ['--coverage'];
      await runProject('unit', [...counting, '--maxWorkers', '100%']);
      await runProject('flows', ['--runInBand']);
    }
  } else {
    failed += 1;
    problems.push('the build failed');
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
if (passed + failed === 0) problems.push('no test ran');
for (const problem of problems) console.log(`${name}: ${problem}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = problems.length === 0 && failed === 0 ? 0 : 1;

/** Runs one project of jest.config.cjs and adds its counts. */
async function runProject(project, options) {
  const file = join(folder, `${project}.json`);
  const code = await runNode([jest, '--selectProjects', project, '--json', '--outputFile', file, ...options]);
  const report = await readReport(file);
  passed += report.numPassedTests;
  // A file that could not be run has no failed test in it, and must count all the same.
  failed += report.numFailedTests + report.numRuntimeErrorTestSuites;
  const skipped = report.numPendingTests + report.numTodoTests;
  if (skipped > 0) console.log(`${name}: ${skipped} tests of ${project} were skipped`);
  if (code !== 0) problems.push(`${project}: jest ended with ${code}, see above`);
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    // Jest died before it could write its report.
    return {
      numPassedTests: 0,
      numFailedTests: 0,
      numRuntimeErrorTestSuites: 1,
      numPendingTests: 0,
      numTodoTests: 0,
    };
  }
}

/** @returns the exit code, or the name of the signal that ended it */
async function runNode(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = await once(child, 'close');
  return code ?? signal;
}
