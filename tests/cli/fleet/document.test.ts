import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFleetSchema, readFleetDocument } from '../../../cli/fleet/document';
import { createSelection } from '../../../cli/fleet/selectPrinters';
import { formatPath } from '../../../shared/rules/readDocument';

const faultsIn = (value: unknown) => {
  const read = readFleetDocument(typeof value === 'string' ? value : JSON.stringify(value));
  return 'faults' in read ? read.faults.map(({ path, message }) => `${formatPath(path)} ${message}`) : [];
};

test('the published JSON Schema is the one in the code: run npm run schemas', () => {
  const path = join(__dirname, '..', '..', '..', 'docs', 'schemas', 'fleet.schema.json');
  expect(readFileSync(path, 'utf8')).toBe(formatFleetSchema());
});

describe('the fleet document', () => {
  const selected = (...include: unknown[]) => ({ version: 1, jobFetchable: { printers: { include } } });

  it('accepts the example of docs/fleet.md, and a scenario may be absent or empty', () => {
    const printers = { include: ['*'], exclude: [{ name: 'Lab-*' }] };
    const matchers = [{ location: { building: 'HQ*' } }, { share: 'Finance*' }, { id: 'x' }, { location: 'Oslo' }];
    const fetchable = selected(...matchers).jobFetchable;
    expect(
      faultsIn({ version: 1, jobStarted: [{ definition: 'Receiver', printers }], jobFetchable: fetchable }),
    ).toEqual([]);
    expect(faultsIn({ version: 1 })).toEqual([]);
    expect(faultsIn({ version: 1, jobStarted: [] })).toEqual([]);
    expect(faultsIn(selected())).toEqual([]);
  });

  it.each([
    [{ version: 2 }, '$.version must be 1'],
    [selected({}), '$.jobFetchable.printers.include[0] must name at least one of id, name'],
    [selected(''), '$.jobFetchable.printers.include[0] must have a length of at least 1'],
    [
      selected({ location: { bulding: 'x' } }),
      '$.jobFetchable.printers.include[0].location.bulding is not a field here',
    ],
    // A number is no text for a pattern (resources/printerlocation.md: Double).
    [selected({ location: { latitude: '1' } }), '.latitude is not a field here'],
    [{ version: 1, jobStarted: [{ definition: ' ', printers: { include: [] } }] }, 'must be one line'],
    [{ version: 1, jobStarted: [{ printers: { include: [] } }] }, '$.jobStarted[0].definition is missing'],
    ['{ "version": 1, "version": 1 }', '$.version appears twice in its object'],
    [' '.repeat(2 * 1024 * 1024 + 1), '$ has 2097153 bytes, and at most 2097152 are allowed'],
  ])('refuses %j', (value, fault) => {
    expect(faultsIn(value).join('\n')).toContain(fault);
  });
});

describe('selecting printers', () => {
  const printer = {
    id: 'a1b2',
    name: 'Émile Floor 2',
    manufacturer: 'Contoso',
    model: 'X-9000',
    shares: ['Finance color', 'Legal'],
    location: { building: 'HQ 2', floor: '2', organization: ['Sales', 'North'] },
  };
  const selects = (include: unknown[], exclude?: unknown[]) => {
    const selection = { include, ...(exclude ? { exclude } : {}) };
    const read = readFleetDocument(JSON.stringify({ version: 1, jobFetchable: { printers: selection } }));
    if (!('document' in read) || !read.document.jobFetchable) throw new Error(JSON.stringify(read));
    return createSelection(read.document.jobFetchable.printers)(printer);
  };

  it.each([
    [['A1B2'], true],
    [['a1*'], true],
    [['émile floor 2'], true],
    [['Émile*'], true],
    [['Émile'], false],
    [['Contoso'], false],
    [[{ manufacturer: 'contoso' }], true],
    [[{ model: 'x-*' }], true],
    [[{ share: 'legal' }], true],
    [[{ share: 'Sales' }], false],
    [[{ location: 'NORTH' }], true],
    [[{ location: 'HQ' }], false],
    [[{ location: { building: 'HQ*' } }], true],
    [[{ location: { organization: 'north', building: '*2' } }], true],
    [[{ location: { organization: 'north', building: 'X' } }], false],
    [[{ location: { city: '*' } }], false],
    // All fields of one matcher, one matcher of the list.
    [[{ manufacturer: 'Contoso', model: 'Other' }], false],
    [[{ manufacturer: 'Contoso', model: 'Other' }, { id: 'a1b2' }], true],
    [[], false],
  ])('%j selects the printer: %s', (include, expected) => {
    expect(selects(include)).toBe(expected);
  });

  it('leaves out what exclude matches', () => {
    expect(selects(['*'], [{ name: '*floor*' }])).toBe(false);
    expect(selects(['*'], [{ name: 'Lab*' }])).toBe(true);
  });
});
