import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rulesDocument } from '../shared/rules/document';
import { neededPermissions } from '../shared/rules/neededPermissions';

const page = readFileSync(join(__dirname, '..', 'docs', 'permissions.md'), 'utf8');

const configure = { copies: 1 };
const started = (then: object) => ({ rules: [{ name: 'r', on: 'jobStarted', then }] });

/** A document of rules for each row of the table. */
const DOCUMENTS: Readonly<Record<string, object>> = {
  'read jobs': { rules: [] },
  '`notify`': { rules: [{ name: 'r', on: 'jobFetchable', then: { notify: {} } }] },
  '`release`': started({ release: {} }),
  '`hold`, else release': started({ hold: { for: '1h', else: 'release' } }),
  '`hold`, else abort': started({ hold: { for: '1h', else: 'abort' } }),
  '`release` with `configure`': started({ release: {}, configure }),
  '`abort`': started({ abort: {} }),
  '`redirect`': started({ redirect: { printer: 'p2' } }),
  '`redirect` with `configure`': started({ redirect: { printer: 'p2' }, configure }),
  '`archive`': { rules: [{ name: 'r', on: 'jobFetchable', then: { archive: {} } }] },
  '`hold` with `document`': started({ hold: { for: '1h', else: 'release', document: true } }),
  '`onFailure`: abort': { rules: [], onFailure: 'abort' },
  '`virtualPrinters`': { rules: [], virtualPrinters: ['p1'] },
};

describe('docs/permissions.md', () => {
  const rows = new Map(
    [...page.matchAll(/^\| (.+?) +\|(.*)\|$/gm)].map(([, action = '', cell = '']) => [
      action,
      [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    ]),
  );

  it.each(Object.entries(DOCUMENTS))('%s needs the permissions of its row', (action, document) => {
    const reading = rows.get('read jobs') ?? [];
    const listed = new Set([...reading, ...(rows.get(action) ?? ['no such row'])]);
    const needed = neededPermissions(rulesDocument.parse({ version: 1, ...document }));
    expect(new Set(needed.map(({ permission }) => permission))).toEqual(listed);
  });

  it('is linked from the README', () => {
    expect(readFileSync(join(__dirname, '..', 'README.md'), 'utf8')).toContain('](docs/permissions.md)');
  });
});
