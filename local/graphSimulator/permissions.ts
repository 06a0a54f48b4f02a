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
