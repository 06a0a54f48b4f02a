/**
 * `npm run bench`: measures everything side by side in one run, prints a table and keeps it in bench/results.md.
 * `--json` prints one array of { name, value, low, high, unit, bar } and nothing else, and keeps nothing.
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureAcknowledgement } from './acknowledgement';
import { countCalls } from './callCounts';
import { measureFirstAnswer } from './firstAnswer';
import { measureHeapGrowth } from './heapGrowth';
import { isMissed, type Figure } from './ratio';
import { measureRenewals } from './renewals';
import { countSweepCalls } from './sweepCalls';
import { formatTable } from './table';
import { measureVerifyCold } from './verifyCold';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const json = process.argv.includes('--json');
const progress = (text: string) => console.error(text);

const figures: Figure[] = [];
const parts: [title: string, measure: () => Promise<Figure | Figure[]>][] = [
  ['parsing and verifying', measureVerifyCold],
  ['the heap', measureHeapGrowth],
  ['calls of a sweep', countSweepCalls],
  ['a thousand renewals', () => measureRenewals(ROOT)],
  ['calls of one job', () => countCalls(ROOT)],
  ['the acknowledgement', () => measureAcknowledgement(ROOT)],
  ['the first answer', () => measureFirstAnswer(ROOT)],
];
for (const [index, [title, measure]] of parts.entries()) {
  progress(`${index + 1} of ${parts.length}: ${title}`);
  figures.push(...[await measure()].flat());
}

if (json) {
  console.log(JSON.stringify(figures));
} else {
  const table = formatTable(figures);
  const where = `Measured on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores.`;
  const how =
    'Ratios are medians of interleaved pairs taken in one run; a bar is missed when the whole interval lies above it.';
  await writeFile(join(ROOT, 'bench', 'results.md'), `# Bench\n\n${where} ${how}\n\n${table}\n`);
  console.log(table);
  const missed = figures.filter(isMissed).map(({ name }) => name);
  console.log(missed.length === 0 ? '\nEvery bar is met.' : `\nMissed: ${missed.join(', ')}.`);
}
