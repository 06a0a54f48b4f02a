import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readDocument } from '../shared/rules/readDocument';
import { parseJson } from '../shared/parse';
import { parseJobSource } from '../shared/rules/facts';
import { createCliWorld } from './support/createCliWorld';
import { TENANT } from './support/createSubscriptionWorld';
import { readDocumentSteps } from './support/documentSteps';

const page = readFileSync(join(__dirname, '..', 'docs', 'rules.md'), 'utf8');

/** What docs/rules.md shows to type, in a folder with the files that it shows. */
describe('docs/rules.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rules-'));
  const files = [...page.matchAll(/^```json(?: (\S+\.json))?\n([\s\S]*?)^```$/gm)];
  for (const [, name, text = ''] of files) {
    if (name !== undefined) writeFileSync(join(folder, name), text);
  }
  // One for all commands, so that what is stored stays stored.
  const world = createCliWorld({ directory: folder });
  afterAll(() => rmSync(folder, { recursive: true }));
  // The job of the page, which was released.
  beforeAll(async () => {
    const text = files.find(([, name]) => name === 'job.json')?.[2] ?? '';
    const source = parseJobSource(parseJson(text));
    if (!source) throw new Error('job.json of the page is no job');
    const times = { firstSeenAt: '2026-11-21T18:30:01.000Z', jobCreatedAt: '2026-11-21T18:30:00.000Z' };
    await world.ledger.insert(
      { kind: 'jobStarted', tenantId: TENANT, definitionId: 'd1', taskId: 't1' },
      {
        ...{ status: 'done', phase: 'start', outcome: 'released', attempts: 1, foundBy: 'graph', ...times },
        ...{ printerId: source.printerId, jobId: '5182', job: JSON.stringify(source.job) },
      },
    );
  });

  it('shows only documents that the schema accepts', () => {
    const documents = files.filter(([, name]) => name !== 'job.json');
    expect(documents.length).toBeGreaterThan(5);
    for (const [, , text = ''] of documents) expect(readDocument(text)).toHaveProperty('document');
  });

  const steps = readDocumentSteps(page);
  it.each(steps.map((step) => [`line ${step.line}`, step] as const))(
    '%s: the output is the one shown',
    async (_line, step) => {
      if (step.kind !== 'command') throw new Error('rules.md changes no settings');
      const { code, stdout, stderr } = await world.run(...step.command.replace('npm run -s cli -- ', '').split(' '));
      expect(stdout + stderr).toBe(step.output);
      expect(code).toBe(/ error: /.test(step.output) ? 1 : 0);
    },
  );

  it('is linked from the README', () => {
    expect(readFileSync(join(__dirname, '..', 'README.md'), 'utf8')).toContain('](docs/rules.md)');
  });
});
