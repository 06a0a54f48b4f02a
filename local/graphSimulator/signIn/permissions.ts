import type { Variants } from '../world/variants';

/** Who calls: an app by its roles, or a signed-in user of a tenant. */
export interface Principal {
  kind: 'app' | 'user';
  tenantId: string;
  appId: string;
  roles: ReadonlySet<string>;
  /** Delegated permissions; empty for an app. */
  scopes: ReadonlySet<string>;
  isPrinterAdministrator: boolean;
}

/** For each need the roles of which one is enough; all needs must be met. */
type Needs = readonly (readonly string[])[];

/** Who may make a call. */
export interface Access {
  application: Needs | 'none';
  /** Delegated permissions, one of which is enough; the user must be a Printer Administrator as well. */
  delegated: readonly string[] | 'none';
  /** A role that is enough without the other needs where the variant `manageAlone` is set. */
  alone?: string;
}

// Which higher role includes which lower one: concepts/permissions-reference.md and the permission table of each page.
const printer = ['Printer.Read.All', 'Printer.ReadWrite.All'];
const pullPrint = ['PullPrintPrinter.Read.All'];
const manage = 'PrintJob.Manage.All';
// PrintJob.Manage.All reads nothing: it is missing in the tables of api/printjob-get.md and api/printdocument-get-file.md.
const readBasic = [
  'PrintJob.ReadBasic.All',
  'PrintJob.Read.All',
  'PrintJob.ReadWriteBasic.All',
  'PrintJob.ReadWrite.All',
];
const readPayload = ['PrintJob.Read.All', 'PrintJob.ReadWrite.All'];
// api/printjob-update.md, api/printjob-abort.md.
const writeBasic = ['PrintJob.ReadWriteBasic.All', 'PrintJob.ReadWrite.All', manage];
const readPrinters = ['Printer.Read.All', 'Printer.ReadWrite.All', 'Printer.FullControl.All'];

/** The permissions of each kind of call (permission tables of the pages in api-reference/v1.0/api). */
export const access = {
  definitions: { application: [['PrintTaskDefinition.ReadWrite.All']], delegated: 'none' },
  readPrinter: { application: [printer], delegated: readPrinters },
  listPrinters: { application: 'none', delegated: readPrinters },
  // api/printer-create.md, api/printoperation-get.md.
  createPrinter: {
    application: 'none',
    delegated: ['Printer.Create', 'Printer.ReadWrite.All', 'Printer.FullControl.All'],
  },
  readPullPrint: { application: [pullPrint], delegated: pullPrint },
  readPullPrintJob: { application: [readBasic, pullPrint], delegated: 'none' },
  writeTriggers: { application: 'none', delegated: ['Printer.ReadWrite.All', 'Printer.FullControl.All'] },
  // Another user's jobs need a Printer Administrator (api/printjob-get.md).
  readJob: { application: [readBasic, printer], delegated: readBasic },
  readPayload: { application: [readPayload, printer], delegated: 'none' },
  writeJob: { application: [writeBasic, printer], delegated: 'none', alone: manage },
  readPullPrintPayload: { application: [readPayload, pullPrint], delegated: 'none' },
  writePullPrintJob: { application: [writeBasic, pullPrint], delegated: 'none', alone: manage },
  redirectPullPrintJob: { application: [[manage], pullPrint], delegated: 'none', alone: manage },
  redirectJob: { application: [[manage], printer], delegated: 'none', alone: manage },
} as const satisfies Record<string, Access>;

/** Template id of the directory role Printer Administrator (Entra: permissions-reference), as in the claim `wids`. */
export const printerAdministratorRole = '644ef478-e28f-4e28-b9dc-3fdde9aa0b1f';

/** Every application role that print subscriptions and jobs can need; what a tenant consents to by default. */
export const allRoles: readonly string[] = [
  'PrintTaskDefinition.ReadWrite.All',
  'Printer.Read.All',
  ...pullPrint,
  ...readBasic,
  manage,
];

/** Why the caller may not make a call of the documentation page, or undefined. */
export function whyForbidden(
  principal: Principal,
  page: string,
  { application, delegated, alone }: Access,
  { manageAlone }: Pick<Variants, 'manageAlone'>,
): string | undefined {
  if (principal.kind === 'app') {
    if (application === 'none') return `Application permissions are not supported here (${page}).`;
    if (manageAlone && alone !== undefined && principal.roles.has(alone)) return undefined;
    const missing = missingRole(application, principal.roles);
    return missing === undefined ? undefined : `The application permission ${missing} is missing.`;
  }
  if (delegated === 'none') return `Delegated permissions are not supported here (${page}).`;
  if (!delegated.some((scope) => principal.scopes.has(scope)))
    return `The delegated permission ${delegated[0] ?? ''} is missing.`;
  return principal.isPrinterAdministrator ? undefined : 'The signed-in user is not a Printer Administrator.';
}

/** The least role of the first need that is not met, or undefined when all are. */
export function missingRole(needs: Needs, roles: ReadonlySet<string>): string | undefined {
  return needs.find((anyOf) => !anyOf.some((role) => roles.has(role)))?.[0];
}
