/** `npm run bench`: measures the product against bare counterparts and against its bars. See USAGE. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { actions } from './actions';
import { archive } from './archive';
import { burstFaults, bursts, twoHosts } from './bursts';
import { callsOfActions, callsOfJob, callsOfSweep } from './callCounts';
import { fairness } from './fairness';
import { formatTable, isMissed, type Figure, type FigureInfo } from './figures';
import { filesOnPath } from './filesOnPath';
import { fleetCreates } from './fleetCreates';
import { fleetRenewals } from './fleetRenewals';
import { fleetSweep } from './fleetSweep';
import { fleetTriggers } from './fleetTriggers';
import { fleetStatus } from './fleetStatus';
import { flood } from './flood';
import { heapGrowth } from './heapGrowth';
import { renewals } from './renewals';
import { sweepMemory } from './sweepMemory';
import { acknowledgement, firstAnswer, firstAnswerWithTelemetry, verifyCold } from './webhookTimes';

const USAGE = `Usage: npm run bench -- [figure...] [options]

Measures all figures, or only those named, and prints them as a table.
A run of all figures also writes the table to bench/results.md.

Options:
  --list     list the figures and exit
  --verbose  list what was counted below the table
  --json     print an array of { name, value, low, high, unit, bar } only, and write no file
  --help     show this help`;

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PARTS = [
  verifyCold,
  heapGrowth,
  callsOfSweep,
  fleetTriggers,
  sweepMemory,
  fleetSweep,
  renewals,
  fleetRenewals,
  fleetCreates,
  fleetStatus,
  callsOfJob,
  callsOfActions,
  actions,
  filesOnPath,
  acknowledgement,
  flood,
  firstAnswer,
  firstAnswerWithTelemetry,
  bursts,
  burstFaults,
  fairness,
  twoHosts,
  archive,
];
const INFO = new Map<string, FigureInfo>(PARTS.flatMap(({ figures }) => Object.entries(figures)));
const NAMES = [...INFO.keys()];

const options = readArguments();
if (options.help) console.log(USAGE);
else if (options.list) console.log(listFigures());
else await measureAll(options.names);

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        list: { type: 'boolean', default: false },
        verbose: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const unknown = positionals.filter((name) => !INFO.has(name));
    if (unknown.length > 0) throw new Error(`Unknown figure: ${unknown.join(', ')}`);
    return { ...values, names: positionals };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}\n\n${listFigures()}`);
    process.exit(2);
  }
}

function listFigures(): string {
  const width = Math.max(...NAMES.map((name) => name.length));
  const lines = [...INFO].map(([name, { what, unit, bar }]) => {
    const limit = bar === null ? unit : `at most ${bar} ${unit}`;
    return `  ${name.padEnd(width)}  ${what} (${limit})`;
  });
  return ['Figures:', ...lines].join('\n');
}

/** Measures `names`, all when empty, and prints the result. */
async function measureAll(names: readonly string[]): Promise<void> {
  const isWanted = (name: string) => names.length === 0 || names.includes(name);
  const parts = PARTS.filter(({ figures }) => Object.keys(figures).some(isWanted));
  const figures: (Figure & { what: string })[] = [];
  for (const [index, part] of parts.entries()) {
    console.error(`${index + 1} of ${parts.length}: ${part.title}`);
    const measured = await part.measure({ root: ROOT, isWanted });
    for (const [name, info] of Object.entries(part.figures)) {
      const value = measured[name];
      if (value && isWanted(name)) figures.push({ name, ...value, ...info });
    }
  }
  if (options.json) {
    const shown = figures.map(({ name, value, low, high, unit, bar }) => ({
      name,
      value,
      low,
      high,
      unit,
      bar,
    }));
    console.log(JSON.stringify(shown));
    return;
  }
  const table = formatTable(figures);
  if (names.length === 0) await writeResults(table);
  console.log(table);
  if (options.verbose) {
    for (const { name, details } of figures)
      if (details) console.log(`\n${name}:\n${details.map((line) => `  ${line}`).join('\n')}`);
  }
  const missed = figures.filter(isMissed).map(({ name }) => name);
  console.log(missed.length === 0 ? '\nEvery bar is met.' : `\nMissed: ${missed.join(', ')}.`);
}

function writeResults(table: string): Promise<void> {
  const where = `Measured on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores.`;
  const how =
    'Ratios are medians of interleaved pairs measured in one run. The interval is that of 95 %, and a bar is missed when all of it lies above. Of fewer than six pairs it goes from the lowest to the highest, and the median decides.';
  return writeFile(join(ROOT, 'bench', 'results.md'), `# Bench\n\n${where} ${how}\n\n${table}\n`);
}
