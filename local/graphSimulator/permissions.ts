/** For each need the roles of which one is enough; all needs must be met. `delegatedOnly`: no application role helps. */
export type Access = readonly (readonly string[])[] | 'delegatedOnly' | 'signedIn';

// Which higher role includes which lower one: concepts/permissions-reference.md and the permission table of each page.
const printer = ['Printer.Read.All', 'Printer.ReadWrite.All'];
const readBasic = [
  'PrintJob.ReadBasic.All',
  'PrintJob.Read.All',
  'PrintJob.ReadWriteBasic.All',
  'PrintJob.ReadWrite.All',
  'PrintJob.Manage.All',
];

/** Application permissions by what a call needs (permission tables of the pages in api-reference/v1.0/api). */
export const access = {
  definitions: [['PrintTaskDefinition.ReadWrite.All']],
  printer: [printer],
  readJob: [readBasic, printer],
  readPayload: [['PrintJob.Read.All', 'PrintJob.ReadWrite.All', 'PrintJob.Manage.All'], printer],
  writeJob: [['PrintJob.ReadWriteBasic.All', 'PrintJob.ReadWrite.All', 'PrintJob.Manage.All'], printer],
  redirectJob: [['PrintJob.Manage.All'], printer],
} as const satisfies Record<string, Access>;

/** Delegated permissions, one of which is enough; the signed-in user must be a Printer Administrator besides. */
export const scopes = {
  readPrinters: ['Printer.Read.All', 'Printer.ReadWrite.All', 'Printer.FullControl.All'],
  // Another user's jobs need a Printer Administrator (api/printjob-get.md).
  readJobs: [
    'PrintJob.ReadBasic.All',
    'PrintJob.Read.All',
    'PrintJob.ReadWriteBasic.All',
    'PrintJob.ReadWrite.All',
  ],
  writePrinters: ['Printer.ReadWrite.All', 'Printer.FullControl.All'],
} as const satisfies Record<string, readonly string[]>;

/** Template id of the directory role Printer Administrator (Entra: permissions-reference), as in the claim `wids`. */
export const printerAdministratorRole = '644ef478-e28f-4e28-b9dc-3fdde9aa0b1f';

/** Every application role that print subscriptions and jobs can need; what a tenant consents to by default. */
export const allRoles: readonly string[] = [
  'PrintTaskDefinition.ReadWrite.All',
  'Printer.Read.All',
  'PrintJob.ReadBasic.All',
  'PrintJob.Read.All',
  'PrintJob.ReadWriteBasic.All',
  'PrintJob.ReadWrite.All',
  'PrintJob.Manage.All',
];

/** The least role of the first need that is not met, or undefined when all are. */
export function missingRole(
  needs: readonly (readonly string[])[],
  roles: ReadonlySet<string>,
): string | undefined {
  return needs.find((anyOf) => !anyOf.some((role) => roles.has(role)))?.[0];
}
