import { ledgerRowKey, parseJobResource, watchOf } from '../../../shared/jobs/message';
import { DEFINITION, JOB, PRINTER, TASK, TENANT_A } from '../../support/notifications';

const started = { kind: 'jobStarted', tenantId: TENANT_A, definitionId: DEFINITION, taskId: TASK } as const;
const fetchable = { kind: 'jobFetchable', tenantId: TENANT_A, printerId: PRINTER, jobId: JOB } as const;

it.each([
  `print/taskDefinitions/${DEFINITION}/tasks/${TASK}`,
  `/print/taskDefinitions/${DEFINITION}/tasks/${TASK}`,
  `Print/TaskDefinitions/${DEFINITION.toUpperCase()}/Tasks/${TASK.toUpperCase()}`,
  `print/taskDefinitions('${DEFINITION}')/tasks('${TASK}')`,
  `print/taskDefinitions/${DEFINITION}/tasks('${TASK}')`,
])('reads a task out of %p', (resource) => {
  expect(parseJobResource(TENANT_A, resource)).toEqual(started);
});

it.each([`print/printers/${PRINTER}/jobs/${JOB}`, `/PRINT/printers('${PRINTER.toUpperCase()}')/jobs('${JOB}')`])(
  'reads a job out of %p',
  (resource) => {
    expect(parseJobResource(TENANT_A, resource)).toEqual(fetchable);
  },
);

it('reads a job out of a share, which has no key before its printer is known', () => {
  const shared = { kind: 'sharedJob', tenantId: TENANT_A, shareId: PRINTER, jobId: JOB };
  expect(parseJobResource(TENANT_A, `print/shares/${PRINTER}/jobs/${JOB}`)).toEqual(shared);
});

it('names a pull print printer with a prefix in reference and key', () => {
  const reference = parseJobResource(TENANT_A, `print/pullPrintPrinters/${PRINTER}/jobs/${JOB}`);
  expect(reference).toEqual({ ...fetchable, printerId: `pullprint.${PRINTER}` });
  expect(ledgerRowKey({ ...fetchable, printerId: `pullprint.${PRINTER}` })).toBe(
    `jobFetchable_pullprint.${PRINTER}_${JOB}`,
  );
});

it('keeps the case of a job id, which is not known to be a GUID', () => {
  expect(parseJobResource(TENANT_A, `print/printers/${PRINTER}/jobs/AbC`)).toMatchObject({ jobId: 'AbC' });
});

it.each([
  undefined,
  null,
  7,
  '',
  'print/printers',
  `print/printers/${PRINTER}/jobs`,
  `print/printers/${PRINTER}/jobs/${JOB}/documents/1`,
  `print/printers/${PRINTER}/jobs/a b`,
  `print/printers/a b/jobs/1`,
  `print/taskDefinitions/${DEFINITION}/tasks/`,
  `print/taskDefinitions/${DEFINITION}/tasks/a$b`,
  `print/taskDefinitions/ä/tasks/${TASK}`,
  `xprint/printers/${PRINTER}/jobs/${JOB}`,
  `print/printers/${PRINTER}/jobs/${JOB}\n`,
  `print/printers('${PRINTER}/jobs/${JOB}`,
])('finds nothing in %j', (resource) => {
  expect(parseJobResource(TENANT_A, resource)).toBeUndefined();
});

it('names the row of the ledger and the watch, as the contract of the tables says', () => {
  expect(ledgerRowKey(started)).toBe(`jobStarted_${DEFINITION}_${TASK}`);
  expect(ledgerRowKey(fetchable)).toBe(`jobFetchable_${PRINTER}_${JOB}`);
  expect(watchOf(started)).toEqual({ tenantId: TENANT_A, kind: 'jobStarted', id: DEFINITION });
  expect(watchOf(fetchable)).toEqual({ tenantId: TENANT_A, kind: 'jobFetchable', id: PRINTER });
});
