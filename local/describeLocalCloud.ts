/** The addresses of a running local cloud, and the customer in its simulator. */
export interface DescribedCloud {
  readonly appUrl: string;
  /** Origin of the simulated Graph. */
  readonly graphUrl: string;
  readonly authorityUrl: string;
  readonly tenantId: string;
  /** The printer for which onboarding creates a trigger, and the one whose jobs print without waiting. */
  readonly printerIds: { readonly waiting: string; readonly free: string };
}

/** What `npm start` prints when it is ready. tests/documentation.test.ts compares its commands with docs/onboarding.md. */
export function describeLocalCloud(cloud: DescribedCloud): string {
  const { appUrl, graphUrl, authorityUrl, tenantId, printerIds } = cloud;
  const cli = (words: string) => `  npm run -s cli -- ${words}`;
  return [
    'The local cloud is up:',
    `  the app       ${appUrl}  (functions host, restarted when local.settings.json changes)`,
    `  Graph         ${graphUrl}  (simulator)`,
    `  sign-in       ${authorityUrl}  (simulator, with its own certificate)`,
    `  device login  ${graphUrl}/devicelogin?user_code=<code>&as=printerAdministrator`,
    '  storage       ports 10000 to 10002  (Azurite, in memory)',
    `  a customer    tenant ${tenantId} (Contoso), which has not consented yet`,
    `                printer ${printerIds.waiting} (Reception)`,
    `                printer ${printerIds.free} (Archive)`,
    '',
    'docs/onboarding.md onboards it step by step. In short, in a second terminal, in this folder:',
    cli(`tenants add ${tenantId} --name Contoso`),
    `  curl -skL "$(npm run -s cli -- tenants consent-url ${tenantId})"`,
    cli(`definitions create --tenant ${tenantId} --name Receiver`),
    cli(`triggers create --tenant ${tenantId} --printer ${printerIds.waiting} --definition <definition>`),
    cli(`subscriptions add --tenant ${tenantId} --definition <definition>`),
    cli(`subscriptions add --tenant ${tenantId} --printer ${printerIds.free}`),
    'Print a job on each printer and watch this terminal:',
    cli('print --printer Reception'),
    cli('print --printer Archive'),
    cli(`jobs list --tenant ${tenantId}`),
    '',
    'Job events are in the queue print-job-events. Ctrl-C stops everything. Log of the app:',
  ].join('\n');
}
