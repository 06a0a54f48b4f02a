import { FIRST_CUSTOMER } from './firstCustomer';

/** The addresses of a running local cloud. */
export interface DescribedCloud {
  readonly appUrl: string;
  /** Origin of the simulated Graph. */
  readonly graphUrl: string;
  readonly authorityUrl: string;
}

const cli = (words: string) => `  npm run -s cli -- ${words}`;

/** What `npm start` prints when the first customer is onboarded. tests/documentation.test.ts runs its commands. */
export function describeLocalCloud(cloud: DescribedCloud): string {
  const { waiting, free, held } = FIRST_CUSTOMER.printers;
  return [
    ...describeAddresses(cloud),
    `  ${FIRST_CUSTOMER.name}       a customer with three printers:`,
    `                ${waiting.displayName}, whose jobs wait for the app`,
    `                ${free.displayName}, whose jobs print without waiting`,
    `                ${held.displayName}, whose jobs are held until they are released`,
    '',
    'Print in the console, or in a second terminal, in this folder:',
    cli(`print --printer ${waiting.displayName}`),
    cli('fault set lose-next'),
    '',
    'npm start -- --empty leaves the onboarding to you. Ctrl-C stops everything. What happens:',
  ].join('\n');
}

/** What `npm start -- --empty` prints. tests/documentation.test.ts compares its commands with docs/onboarding.md. */
export function describeEmptyCloud(cloud: DescribedCloud): string {
  const { tenantId, name, printers } = FIRST_CUSTOMER;
  const { waiting, free } = printers;
  return [
    ...describeAddresses(cloud),
    `  device login  ${cloud.graphUrl}/devicelogin?user_code=<code>&as=printerAdministrator`,
    `  a customer    tenant ${tenantId} (${name}), which has not consented yet`,
    `                printer ${waiting.id} (${waiting.displayName})`,
    `                printer ${free.id} (${free.displayName})`,
    '',
    'docs/onboarding.md onboards it step by step. In short, in a second terminal, in this folder:',
    cli(`tenants add ${tenantId} --name ${name}`),
    `  curl -skL "$(npm run -s cli -- tenants consent-url ${tenantId})"`,
    cli(`definitions create --tenant ${tenantId} --name Receiver`),
    cli(`triggers create --tenant ${tenantId} --printer ${waiting.id} --definition <definition>`),
    cli(`subscriptions add --tenant ${tenantId} --definition <definition>`),
    cli(`subscriptions add --tenant ${tenantId} --printer ${free.id}`),
    'Print a job on each printer and watch this terminal:',
    cli(`print --printer ${waiting.displayName}`),
    cli(`print --printer ${free.displayName}`),
    cli(`jobs list --tenant ${tenantId}`),
    '',
    'Job events are in the queue print-job-events. Ctrl-C stops everything. What happens:',
  ].join('\n');
}

function describeAddresses({ appUrl, graphUrl, authorityUrl }: DescribedCloud): string[] {
  return [
    'The local cloud is up:',
    `  the app       ${appUrl}  (functions host, restarted when local.settings.json changes)`,
    `  Graph         ${graphUrl}  (simulator)`,
    `  sign-in       ${authorityUrl}  (simulator, with its own certificate)`,
    '  storage       ports 10000 to 10002  (Azurite, in memory)',
  ];
}
