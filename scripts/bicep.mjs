/**
 * `node scripts/bicep.mjs`: checks infra/ with the Bicep compiler, as a part of `npm run check`: every file compiles, lints and is
 * formatted without a warning, and the snapshots of the documented parameter sets are what the template gives today. Where there
 * is no compiler it says so and succeeds.
 *
 * `node scripts/bicep.mjs write`: formats the files and writes the snapshots.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const INSTALL = 'dotnet restore .ci/bicep --packages .ci/bicep/packages';
/** The place that the snapshots are of. The ids stand for any. */
const PLACE = [
  ...['--tenant-id', '11111111-1111-4111-8111-111111111111'],
  ...['--subscription-id', '22222222-2222-4222-8222-222222222222'],
  ...['--resource-group', 'print'],
  ...['--location', 'westeurope'],
];
/** What azd and the operator give to main.bicepparam. */
const AZD = {
  AZURE_ENV_NAME: 'print',
  AZURE_LOCATION: 'westeurope',
  ENTRA_CLIENT_ID: '00000000-0000-4000-8000-000000000001',
};

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const bicep = findCompiler();
if (bicep === undefined) {
  console.log(`skipped: no Bicep compiler on the PATH or in .ci/bicep. To install it: ${INSTALL}`);
} else if (process.argv[2] === 'write') {
  await write(bicep);
} else {
  await check(bicep);
}

/** The compiler of the pinned version if it was installed, else the one on the PATH. */
function findCompiler() {
  const [, version] = /Version="\[([\d.]+)\]"/.exec(readFileSync('.ci/bicep/bicep.csproj', 'utf8')) ?? [];
  const compilers = filesBelow('.ci/bicep/packages', /[\\/]tools[\\/]bicep(\.exe)?$/);
  // A version of before stays installed when the pin is raised.
  const installed = compilers.find((path) => path.split(/[\\/]/).includes(version));
  if (installed !== undefined) {
    // The package has the file without its run bit.
    chmodSync(installed, 0o755);
    return resolve(installed);
  }
  return spawnSync('bicep', ['--version']).status === 0 ? 'bicep' : undefined;
}

async function check(compiler) {
  const faults = [
    await faultsOf(compiler, ['lint', '--pattern', 'infra/**/*.bicep']),
    // Builds main.bicep and its modules as well.
    await faultsOf(compiler, ['build-params', 'infra/main.bicepparam', '--stdout']),
    await faultsOfFormat(compiler),
  ];
  for (const set of parameterSets()) {
    const found = await faultsOf(compiler, ['snapshot', set, '--mode', 'validate', ...PLACE]);
    faults.push(
      found && `${found}\n${set}: the template gives another snapshot. To write it: node scripts/bicep.mjs write`,
    );
  }
  const texts = faults.filter((text) => text !== undefined);
  if (texts.length > 0) console.error(texts.join('\n'));
  process.exitCode = texts.length > 0 ? 1 : 0;
}

async function write(compiler) {
  const calls = [
    ['format', '--pattern', 'infra/**/*.bicep'],
    ['format', '--pattern', 'infra/**/*.bicepparam'],
    ...parameterSets().map((set) => ['snapshot', set, '--mode', 'overwrite', ...PLACE]),
  ];
  for (const args of calls) {
    const fault = await faultsOf(compiler, args);
    if (fault !== undefined) throw new Error(fault);
  }
  // The compiler writes the outputs in an order of its own each time.
  for (const set of parameterSets()) {
    const file = set.replace(/\.bicepparam$/, '.snapshot.json');
    const snapshot = JSON.parse(readFileSync(file, 'utf8'));
    const outputs = Object.entries(snapshot.outputs).sort(([one], [other]) => (one < other ? -1 : 1));
    writeFileSync(file, `${JSON.stringify({ ...snapshot, outputs: Object.fromEntries(outputs) }, null, 2)}\n`);
  }
}

/** Formats a copy, and names the files that differ. */
async function faultsOfFormat(compiler) {
  const folder = mkdtempSync(join(tmpdir(), 'bicep-'));
  try {
    cpSync('infra', folder, { recursive: true });
    for (const kind of ['bicep', 'bicepparam']) {
      const fault = await faultsOf(compiler, ['format', '--pattern', join(folder, `**/*.${kind}`)]);
      if (fault !== undefined) return fault;
    }
    const differ = filesBelow(folder, /\.bicep(param)?$/)
      .map((file) => file.slice(folder.length))
      .filter((file) => readFileSync(join('infra', file), 'utf8') !== readFileSync(join(folder, file), 'utf8'))
      .map((file) => `infra${file}`);
    return differ.length === 0
      ? undefined
      : `not formatted: ${differ.join(', ')}. To format: node scripts/bicep.mjs write`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function parameterSets() {
  return filesBelow('infra/parameters', /\.bicepparam$/).sort();
}

function filesBelow(folder, pattern) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true });
  return names.map((name) => join(folder, name)).filter((path) => pattern.test(path));
}

/** Runs the compiler. Warnings leave its exit code at 0, so any text on stderr is a fault. */
function faultsOf(compiler, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, args, { env: { ...process.env, ...AZD }, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0 && errors.trim() === '') resolve(undefined);
      else resolve(`bicep ${args.slice(0, 2).join(' ')}: ${(errors.trim() || output.trim()).slice(0, 4_000)}`);
    });
  });
}
