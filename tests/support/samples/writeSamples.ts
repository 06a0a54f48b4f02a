import { writeIssued } from './issued';
import { writeMessages } from './messages';
import { writeRows } from './rows';
import { writeRules } from './rules';

/** What this build writes, by the path of its file below tests/fixtures/released/{version}/. */
export async function writeSamples(): Promise<Map<string, unknown>> {
  return new Map<string, unknown>([
    ...Object.entries(await writeMessages()).map(([name, samples]) => [`queues/${name}.json`, samples] as const),
    ...Object.entries(await writeRows()).map(([name, sample]) => [`tables/${name}.json`, sample] as const),
    ['issued.json', writeIssued()],
    ['rules.json', writeRules()],
  ]);
}
