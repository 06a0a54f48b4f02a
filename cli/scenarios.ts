import type { Config } from '../shared/config';
import { consentUrl } from '../shared/consent/consentLink';
import { TRIGGER_PERMISSIONS } from '../shared/graph/api/taskTriggers';
import type { CliContext } from './context';

/**
 * The least application permissions of Microsoft Graph for each purpose
 * (api/subscription-post-subscriptions.md and the pages of the print calls). A flow needs its whole row: the app reads
 * every job and its sweep lists jobs.
 */
export const SCENARIOS: readonly { scenario: string; permissions: readonly string[] }[] = [
  {
    scenario: 'Receive JobStarted, release jobs',
    permissions: ['PrintTaskDefinition.ReadWrite.All', 'PrintJob.ReadBasic.All', 'Printer.Read.All'],
  },
  { scenario: 'Receive JobFetchable', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  { scenario: 'Read jobs', permissions: ['PrintJob.ReadBasic.All', 'Printer.Read.All'] },
  {
    scenario: 'Read jobs of pull print printers',
    permissions: ['PrintJob.ReadBasic.All', 'PullPrintPrinter.Read.All'],
  },
  { scenario: 'Read documents', permissions: ['PrintJob.Read.All', 'Printer.Read.All'] },
  { scenario: 'Change or abort jobs', permissions: ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'] },
  { scenario: 'Redirect jobs', permissions: ['PrintJob.Manage.All', 'Printer.Read.All'] },
];

/** The permissions of a Printer Administrator who signs in for `triggers`: Graph accepts these calls from no app. */
export const DELEGATED_PERMISSIONS: readonly string[] = Object.values(TRIGGER_PERMISSIONS);

/** The facts that an onboarding needs, for `--json`. */
export function onboardingFacts(config: Config, tenantId: string, now: number) {
  return {
    consentUrl: consentUrl(config, tenantId, now),
    permissions: SCENARIOS,
    delegatedPermissions: DELEGATED_PERMISSIONS,
  };
}

/** Prints the consent link, with who opens it. */
export function printConsent({ terminal, now }: CliContext, config: Config, tenantId: string): void {
  terminal.print(
    'An administrator of the customer opens this link and consents (again whenever the permissions change):',
    `  ${consentUrl(config, tenantId, now())}`,
  );
}
