import type { Command } from 'commander';
import { ACTING, neededPermissions, OBSERVING } from '../shared/rules/neededPermissions';
import { notListed, oneOf } from './arguments';
import type { CliContext } from './context';
import { example, type JsonOption } from './output';
import { readRulesInForce } from './rulesInForce';

interface ScriptOptions extends JsonOption {
  for: string;
  shell: string;
}

/** The application id of Microsoft Graph in every tenant (the same page as the scripts). */
const GRAPH_APP_ID = '00000003-0000-0000-c000-000000000000';
const PURPOSES = ['rules', 'observe', 'act'];
const TENANT = '11111111-1111-1111-1111-111111111111';

/** `tenants consent-script`: consent to a registration grants everything that it declares, and this grants single roles. */
export function consentScriptCommand(command: Command, context: CliContext): void {
  command
    .option(
      '--for <purpose>',
      'rules: the roles that the rules in force need; observe: read and release jobs; act: all actions',
      oneOf(PURPOSES),
      'rules',
    )
    .option(
      '--shell <name>',
      'powershell (Microsoft Graph PowerShell) or bash (Azure CLI)',
      oneOf(Object.keys(SHELLS)),
      'powershell',
    )
    .addHelpText(
      'after',
      '\nA Privileged Role Administrator of the customer runs the script. It adds the app to the tenant and assigns the roles\n' +
        'that are not assigned yet, so it can be run again. It never takes a role away.\n' +
        example(
          `tenants consent-script ${TENANT} > grant.ps1`,
          `tenants consent-script ${TENANT} --shell bash > grant.sh`,
        ),
    )
    .action((tenantId: string, options: ScriptOptions) => print(context, tenantId, options));
}

async function print(context: CliContext, tenantId: string, options: ScriptOptions): Promise<void> {
  const services = await context.services();
  if (!(await (await services.tenants()).get(tenantId))) throw notListed(tenantId);
  const { clientId } = await services.config();
  const roles = await rolesFor(context, tenantId, options.for);
  const lines = (SHELLS[options.shell] ?? powershell)({ tenantId, clientId, roles });
  if (options.json) return context.terminal.json({ tenantId, roles, script: lines.join('\n') });
  context.terminal.print(...lines);
}

async function rolesFor(context: CliContext, tenantId: string, purpose: string): Promise<readonly string[]> {
  if (purpose === 'act') return [...OBSERVING, ...ACTING];
  const rules = purpose === 'rules' ? await readRulesInForce(context, tenantId) : undefined;
  return rules ? neededPermissions(rules.document).map(({ permission }) => permission) : OBSERVING;
}

/** GUIDs and names of roles alone, so nothing needs quoting. */
interface ScriptFacts {
  tenantId: string;
  clientId: string;
  roles: readonly string[];
}

/** As learn.microsoft.com/graph/permissions-grant-via-msgraph describes, with the cmdlets of Microsoft Graph PowerShell. */
function powershell({ tenantId, clientId, roles }: ScriptFacts): string[] {
  return [
    '# Grants app roles of Microsoft Graph. In a national cloud, add -Environment to Connect-MgGraph.',
    "$ErrorActionPreference = 'Stop'",
    `Connect-MgGraph -TenantId ${tenantId} -Scopes Application.ReadWrite.All, AppRoleAssignment.ReadWrite.All -NoWelcome`,
    `$graph = Get-MgServicePrincipal -Filter "appId eq '${GRAPH_APP_ID}'"`,
    `$app = Get-MgServicePrincipal -Filter "appId eq '${clientId}'"`,
    `if (-not $app) { $app = New-MgServicePrincipal -AppId '${clientId}' }`,
    '$assigned = Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -All',
    `foreach ($name in ${roles.map((role) => `'${role}'`).join(', ')}) {`,
    "  $role = $graph.AppRoles | Where-Object { $_.Value -eq $name -and $_.AllowedMemberTypes -contains 'Application' }",
    '  if (-not $role) { throw "Microsoft Graph has no app role $name in this cloud" }',
    '  if ($assigned.AppRoleId -contains $role.Id) { "$name is assigned already"; continue }',
    '  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $app.Id -PrincipalId $app.Id -ResourceId $graph.Id -AppRoleId $role.Id | Out-Null',
    '  "$name is assigned now"',
    '}',
  ];
}

/** The same with the Azure CLI, which sends the calls to Graph of the cloud that `az cloud set` has chosen. */
function bash({ tenantId, clientId, roles }: ScriptFacts): string[] {
  return [
    '#!/usr/bin/env bash',
    '# Grants app roles of Microsoft Graph. In a national cloud, run az cloud set first.',
    'set -euo pipefail',
    `az login --tenant ${tenantId} --allow-no-subscriptions --output none`,
    'endpoint=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)',
    `graph=$(az ad sp show --id ${GRAPH_APP_ID} --query id --output tsv)`,
    `app=$(az ad sp list --filter "appId eq '${clientId}'" --query '[0].id' --output tsv)`,
    `if [ -z "$app" ]; then app=$(az ad sp create --id ${clientId} --query id --output tsv); fi`,
    'assignments="${endpoint%/}/v1.0/servicePrincipals/$app/appRoleAssignments"',
    `for name in ${roles.join(' ')}; do`,
    `  role=$(az ad sp show --id ${GRAPH_APP_ID} --query "appRoles[?value=='$name' && contains(allowedMemberTypes, 'Application')].id | [0]" --output tsv)`,
    '  if [ -z "$role" ]; then echo "Microsoft Graph has no app role $name in this cloud" >&2; exit 1; fi',
    `  assigned=$(az rest --method get --url "$assignments" --query "value[?appRoleId=='$role'].id | [0]" --output tsv)`,
    '  if [ -n "$assigned" ]; then echo "$name is assigned already"; continue; fi',
    '  az rest --method post --url "$assignments" --headers Content-Type=application/json --output none \\',
    '    --body "{\\"principalId\\":\\"$app\\",\\"resourceId\\":\\"$graph\\",\\"appRoleId\\":\\"$role\\"}"',
    '  echo "$name is assigned now"',
    'done',
  ];
}

const SHELLS: Readonly<Record<string, (facts: ScriptFacts) => string[]>> = { powershell, bash };
