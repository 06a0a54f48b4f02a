import { parseCsv } from '../../../cli/fleet/csv';
import { documentOfCsv } from '../../../cli/fleet/csvDocument';
import { ReceiverError } from '../../../shared/errors';

describe('a CSV text', () => {
  it('has quotes, separators and line ends in quotes, and lines that count (RFC 4180)', () => {
    expect(parseCsv('\uFEFFid,name\r\n1,"a, ""b""\r\nc"\r\n\r\n2, d \n')).toEqual([
      { line: 1, cells: ['id', 'name'] },
      { line: 2, cells: ['1', 'a, "b"\r\nc'] },
      { line: 5, cells: ['2', 'd'] },
    ]);
  });

  it('may have semicolons, as spreadsheets write it in many countries', () => {
    expect(parseCsv('id;name\n1;a,b')).toEqual([
      { line: 1, cells: ['id', 'name'] },
      { line: 2, cells: ['1', 'a,b'] },
    ]);
  });
});

describe('a document from CSV', () => {
  const printers = ['p1', 'p2', 'p3', 'p4'].map((id) => ({
    ...{ id, name: id === 'p4' ? 'Printer p3' : `Printer ${id}` },
    ...{ manufacturer: '', model: '', shares: [], location: {} },
  }));
  const faultsIn = (text: string): readonly string[] => {
    try {
      documentOfCsv('list.csv', text, printers);
      return [];
    } catch (error) {
      return error instanceof ReceiverError ? error.details : [String(error)];
    }
  };

  it('groups printers by definition, in the order of the file, and takes ids and names in any case', () => {
    const rows = [
      'Scenario,ID,Name,Definition',
      'JobStarted,P2,,Receiver',
      'jobStarted,,printer P1,receiver',
      'jobFetchable,p3,,',
      'jobStarted,p3,,Other',
      'jobFetchable,p3,,',
    ];
    expect(documentOfCsv('list.csv', rows.join('\n'), printers)).toEqual({
      version: 1,
      jobStarted: [
        { definition: 'Receiver', printers: { include: ['p2', 'p1'] } },
        { definition: 'Other', printers: { include: ['p3'] } },
      ],
      jobFetchable: { printers: { include: ['p3'] } },
    });
  });

  it('leaves out a scenario that no row names, which is then not managed', () => {
    expect(documentOfCsv('list.csv', 'id,scenario\np1,jobFetchable', printers)).toEqual({
      version: 1,
      jobFetchable: { printers: { include: ['p1'] } },
    });
  });

  it('refuses every faulty line, with its number', () => {
    const rows = [
      'id,name,scenario,definition',
      'p9,,jobFetchable,',
      ',Attic,jobFetchable,',
      ',Printer p3,jobFetchable,',
      ',,jobFetchable,',
      'p1,,jobPrinted,',
      'p1,,jobStarted,',
      'p1,,jobFetchable,Receiver',
      'p1,,jobStarted,A',
      'p1,,jobStarted,B',
    ];
    expect(faultsIn(rows.join('\n'))).toEqual([
      'list.csv:2 names the id p9, which no printer has',
      'list.csv:3 names "Attic", which no printer is called',
      'list.csv:4 names "Printer p3", which 2 printers are called: use their ids (p3, p4)',
      'list.csv:5 names no printer',
      'list.csv:6 has the scenario "jobPrinted", and it must be jobStarted or jobFetchable',
      'list.csv:7 names no definition, which jobStarted needs',
      'list.csv:8 names a definition, which jobFetchable does not have',
      'list.csv:10 gives the printer of line 9 another definition, and a printer takes one trigger',
    ]);
  });

  it('refuses a header without the columns, or with others', () => {
    expect(faultsIn('printer,szenario\n')).toEqual([
      'list.csv:1 has the unknown column "printer", "szenario"',
      'list.csv:1 has no column scenario',
      'list.csv:1 has neither a column id nor a column name',
    ]);
    expect(faultsIn('')).toHaveLength(2);
  });
});
