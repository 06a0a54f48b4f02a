import { TRIGGER_PERMISSIONS } from '../shared/graph/api/taskTriggers';

/**
 * The least application permissions of Microsoft Graph by what the vendor wants to do
 * (api/subscription-post-subscriptions.md and the pages of the print calls). The row of a flow is whole: the app reads
 * every job and its sweep lists jobs, so with less than that a flow is subscribed to and comes to nothing.
 */
export const SCENARIOS: readonly { scenario: string; permissions: readonly string[] }[] = [
  {
    scenario: 'Hear of JobStarted, release jobs',
    permissions: ['PrintTaskDefinition.ReadWrite.All', 'PrintJob.ReadBasic.All', 'Printer.Read.All'],
  },
  { scenario: 'Hear of JobFetchable', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  { scenario: 'Read jobs', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  { scenario: 'Read documents', permissions: ['PrintJob.Read.All', 'Printer.Read.All'] },
  { scenario: 'Change or abort jobs', permissions: ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'] },
  { scenario: 'Redirect jobs', permissions: ['PrintJob.Manage.All', 'Printer.Read.All'] },
];

/** What `triggers` needs of the Printer Administrator who signs in: Graph takes these calls from no app. */
export const DELEGATED_PERMISSIONS: readonly string[] = Object.values(TRIGGER_PERMISSIONS);
