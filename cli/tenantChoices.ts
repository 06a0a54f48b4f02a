import type { Tenant } from '../shared/tenants/tenants';
import { plural } from './output';

/** What a customer has chosen, in words: option, value and meaning. */
export function describeChoices(tenant: Tenant): string[][] {
  const { retentionDays, documentDays, personalDataDays, taskDeadlineMinutes, quietPrinterMinutes, completionEvents } =
    tenant;
  const names =
    personalDataDays === 0
      ? 'Users and jobs are removed from a row when its work has ended. Its events cannot be resent.'
      : `Users and jobs are removed from rows after ${plural(personalDataDays, 'day')}. Older events cannot be resent.`;
  const ends =
    completionEvents === 'on'
      ? 'An event is also sent at the end of each fetchable job.'
      : 'The end of a fetchable job gives no event.';
  const minutes = plural(taskDeadlineMinutes, 'minute');
  return [
    ['--retention-days', String(retentionDays), `Ledger rows are removed after ${plural(retentionDays, 'day')}.`],
    ['--document-days', String(documentDays), `Archived documents are removed after ${plural(documentDays, 'day')}.`],
    ['--personal-data-days', String(personalDataDays), names],
    ['--task-deadline', String(taskDeadlineMinutes), `A task that is open for ${minutes} is ended without its rules.`],
    [
      '--quiet-printers',
      String(quietPrinterMinutes),
      `The sweep looks at a printer without a job for a day at least every ${plural(quietPrinterMinutes, 'minute')}.`,
    ],
    ['--completion-events', completionEvents, ends],
  ];
}

export function documentsOutliveNames({ documentDays, personalDataDays }: Tenant): boolean {
  return documentDays > personalDataDays;
}
