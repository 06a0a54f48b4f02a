import { parseJobUrl, parseResource, pullPrintId } from '../../shared/jobPlace';
import { DEFINITION, JOB, PRINTER, TASK } from '../support/notifications';

const SHARE = 'd837c17b-3296-4384-a053-828d56e10f50';
/** The example of api/pullprintprinter-get. */
const PULL_PRINT = '15037699-acf2-2dbb-b20c-897053051345';
const atPrinter = { printerId: PRINTER, jobId: JOB };
const atShare = { shareId: SHARE, jobId: JOB };
const atPullPrint = { printerId: `pullprint.${PULL_PRINT}`, jobId: JOB };

/** Paths of a job below /print: the documented ones, and the other forms that OData allows for them. */
const PLACES: [string, object][] = [
  [`printers/${PRINTER}/jobs/${JOB}`, atPrinter],
  [`Printers/${PRINTER.toUpperCase()}/Jobs/${JOB}`, atPrinter],
  [`printers('${PRINTER}')/jobs('${JOB}')`, atPrinter],
  [`printers/${PRINTER}/microsoft.graph.printer/jobs/${JOB}`, atPrinter],
  [`printers/microsoft.graph.printer/${PRINTER}/jobs/${JOB}`, atPrinter],
  [`printers('${PRINTER}')/graph.printer/jobs('${JOB}')/microsoft.graph.printJob`, atPrinter],
  [`shares/${SHARE}/jobs/${JOB}`, atShare],
  [`shares('${SHARE.toUpperCase()}')/Microsoft.Graph.PrinterShare/jobs/${JOB}`, atShare],
  [`pullPrintPrinters/${PULL_PRINT}/jobs/${JOB}`, atPullPrint],
  [`pullprintprinters('${PULL_PRINT}')/jobs('${JOB}')`, atPullPrint],
  [`printers/${PULL_PRINT}/microsoft.graph.pullPrintPrinter/jobs/${JOB}`, atPullPrint],
];

describe('a URL of a job (parentUrl, redirectedFrom, redirectedTo)', () => {
  it.each(PLACES)('%s', (path, place) => {
    expect(parseJobUrl(`https://graph.microsoft.com/v1.0/print/${path}`)).toEqual(place);
    expect(parseJobUrl(`https://dod-graph.microsoft.us/beta/print/${path}`)).toEqual(place);
  });

  it.each([
    undefined,
    null,
    7,
    '',
    'https://graph.microsoft.com/v1.0/me',
    'x/print/printers/a b/jobs/1',
    'x/print/printers/a/jobs/b c',
    'x/print/printers/a/jobs/1/documents/2',
    'x/print/printers/a/jobs',
    'x/print/printers/graph.printer/jobs/1',
    'x/print/connectors/a/jobs/1',
    'x/print/printers/a/tasks/1',
  ])('names no job: %j', (url) => {
    expect(parseJobUrl(url)).toBeUndefined();
  });

  it('no printer passes for a pull print printer', () => {
    expect(parseJobUrl(`x/print/printers/pullprint.${PULL_PRINT}/jobs/1`)).toBeUndefined();
    expect(pullPrintId(atPullPrint.printerId)).toBe(PULL_PRINT);
    expect(pullPrintId(PRINTER)).toBeUndefined();
  });
});

describe('the resource of a notification', () => {
  it.each(PLACES)('%s', (path, place) => {
    expect(parseResource(`print/${path}`)).toEqual(place);
    expect(parseResource(`/PRINT/${path}`)).toEqual(place);
  });

  it.each([
    `print/taskDefinitions/${DEFINITION}/tasks/${TASK}`,
    `print/taskDefinitions/${DEFINITION}/microsoft.graph.printTaskDefinition/tasks/${TASK}`,
    `/print/taskDefinitions('${DEFINITION}')/tasks('${TASK}')/microsoft.graph.printTask`,
  ])('names a task: %s', (resource) => {
    expect(parseResource(resource)).toEqual({ definitionId: DEFINITION, taskId: TASK });
  });

  it.each([`xprint/printers/${PRINTER}/jobs/${JOB}`, `x/print/printers/${PRINTER}/jobs/${JOB}`, 'print/', 'print'])(
    'names nothing: %j',
    (resource) => {
      expect(parseResource(resource)).toBeUndefined();
    },
  );
});
