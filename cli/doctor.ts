import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import type { Config } from '../shared/config';
import { CONTAINER_NAMES, QUEUE_NAMES, QUEUES_WITH_POISON, TABLE_NAMES } from '../shared/storage/account';
import type { Tenant } from '../shared/tenants/tenants';
import type { Watch } from '../shared/watches/watches';
import { nameArgument, notListed, TENANT_FLAG } from './arguments';
import type { CliContext } from './context';
import {
  checkDeployedKey,
  checkDeployedStatus,
  checkHandshake,
  checkRoute,
  OWN_STATUS,
  ROUTES,
} from './doctor/addressChecks';
import { runChecks, type Check, type Finding } from './doctor/checks';
import { checkSignedWatches, showKeys } from './doctor/keyChecks';
import { settingCommands } from './doctor/remedies';
import { checkContainer, checkQueue, checkTable } from './doctor/storageChecks';
import { checkPermissions, checkPullPrinting, type TenantDeps } from './doctor/tenantChecks';
import { example, JSON_HELP, plural, warn, type JsonOption } from './output';
import { readRulesInForce } from './rulesInForce';

/** Each customer takes up to eight calls to Graph. One of more is named with --tenant. */
const MOST_TENANTS = 20;

interface DoctorOptions extends JsonOption {
  tenant?: string;
}

/** The command `doctor`: whether a deployment is right, and the commands that correct it. It changes nothing. */
export function doctorCommand(command: Command, context: CliContext): void {
  command
    .description('Check a deployment: permissions, roles, storage, keys, routes and address. Changes nothing')
    .option(TENANT_FLAG, 'the permissions of this tenant only', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nWith a function key in FUNCTION_KEY beside the settings, the deployed app is asked for its status too. Exit code 1 when a check fails.\n' +
        example('doctor', 'doctor --tenant Contoso --json'),
    )
    .action((options: DoctorOptions) => doctor(context, options));
}

async function doctor(context: CliContext, options: DoctorOptions): Promise<void> {
  const { terminal, markFailed } = context;
  const findings = await examine(context, options);
  const failed = findings.filter(({ state }) => state === 'failed');
  if (failed.length > 0) markFailed();
  if (options.json) return terminal.json({ state: failed.length === 0 ? 'ok' : 'failed', findings });
  terminal.table(
    ['check', 'result', 'seen'],
    findings.map(({ check, state, seen }) => [check, state, seen]),
  );
  for (const { check, state, seen, remedies = [] } of findings) {
    if (state !== 'failed' && state !== 'warning') continue;
    terminal.print('', `${check}: ${state}. ${seen}.`, ...remedies.map((command) => `  Run: ${command}`));
  }
  const warnings = findings.filter(({ state }) => state === 'warning').length;
  terminal.print('', `${plural(findings.length, 'check')}: ${failed.length} failed, ${plural(warnings, 'warning')}.`);
}

async function examine(context: CliContext, options: DoctorOptions): Promise<Finding[]> {
  const { terminal, sleep } = context;
  // From here the verb reports its own progress.
  const interruption = context.interruption();
  const services = await context.services();
  let config: Config;
  try {
    config = await services.config();
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'configInvalid') throw error;
    return describeSettings(error);
  }
  const onProgress = (done: number, of: number, name: string) =>
    terminal.status(done === of ? undefined : `${done} of ${of} checks done, last ${name}.`);
  const deps = { sleep, onProgress };
  const general = [
    { name: 'settings', run: () => found({ check: 'settings', state: 'ok', seen: 'complete and well-formed' }) },
    { name: 'keys', run: () => Promise.resolve(showKeys(config.clientStateKeys)) },
    ...(await storageChecks(context, config)),
    ...(await addressChecks(context, config)),
    { name: 'keys of watches', run: async () => [await checkWatches(context, config)] },
  ];
  const first = await runChecks(deps, general, interruption);
  return [...first, ...(await runChecks(deps, await tenantChecks(context, config, options), interruption))];
}

/** Nothing else can be tried without settings. */
function describeSettings({ details }: ReceiverError): Finding[] {
  return [
    ...details.map((detail): Finding => {
      const [name = ''] = /^\w+/.exec(detail) ?? [];
      return { check: `setting ${name}`, state: 'failed', seen: detail, remedies: settingCommands(name) };
    }),
    { check: 'all others', state: 'skipped', seen: 'they need the settings' },
  ];
}

async function storageChecks(context: CliContext, config: Config): Promise<Check[]> {
  const { queue, table, container } = await context.openStorage(config);
  const queues = [...Object.values(QUEUE_NAMES), ...QUEUES_WITH_POISON.map((name) => `${name}-poison`)];
  return [
    ...queues.map((name) => ({
      name: `queue ${name}`,
      run: async () => [await checkQueue({ config, queue: queue(name) }, name)],
    })),
    ...Object.values(TABLE_NAMES).map((name) => ({
      name: `table ${name}`,
      run: async () => [await checkTable({ config, table: table(name) }, name)],
    })),
    ...Object.values(CONTAINER_NAMES).map((name) => ({
      name: `container ${name}`,
      // The app only reads its configuration.
      run: async () => [
        await checkContainer({ config, container: container(name) }, name, {
          isWritten: name === CONTAINER_NAMES.documents,
        }),
      ],
    })),
  ];
}

async function addressChecks({ fetch, now, version, functionKey }: CliContext, config: Config): Promise<Check[]> {
  const { key, isElsewhere } = await functionKey();
  const deps = { fetch, config, now: now() };
  return [
    ...(['notifications', 'lifecycle'] as const).map((route) => ({
      name: `handshake /${route}`,
      run: async () => [await checkHandshake(deps, route)],
    })),
    ...ROUTES.map((route) => ({
      name: `route ${route.method} ${route.path}`,
      run: async () => [await checkRoute(deps, route)],
    })),
    { name: 'key of the deployed app', run: async () => [await checkDeployedKey(deps)] },
    ...(key === undefined
      ? []
      : [{ name: OWN_STATUS, run: async () => [await checkDeployedStatus(deps, { functionKey: key, version })] }]),
    ...(isElsewhere ? [{ name: OWN_STATUS, run: () => found({ check: OWN_STATUS, ...ELSEWHERE }) }] : []),
  ];
}

const ELSEWHERE = {
  state: 'skipped',
  seen: 'FUNCTION_KEY is in the environment and the other settings are not: set all of them there, or put the key into Values of local.settings.json',
} as const;

async function checkWatches({ services, now, terminal }: CliContext, config: Config): Promise<Finding> {
  const { tenants, watches } = await services();
  return checkSignedWatches({
    ring: config.clientStateKeys,
    tenants: await tenants(),
    watches: await watches(),
    now: now(),
    onUnreadable: warn(terminal),
  });
}

/** What the tables name. Where they cannot be read, their own checks say so. */
async function tenantChecks(context: CliContext, config: Config, { tenant: only }: DoctorOptions): Promise<Check[]> {
  try {
    const services = await context.services();
    const listed: Tenant[] = [];
    for await (const tenant of (await services.tenants()).list(() => undefined)) listed.push(tenant);
    const chosen = listed.filter(({ tenantId, status }) =>
      only === undefined ? status === 'active' : tenantId === only,
    );
    if (only !== undefined && chosen.length === 0) throw notListed(only);
    const watched: Watch[] = [];
    for await (const { watch } of (await services.watches()).list(only, () => undefined)) watched.push(watch);
    const { callGraph } = await services.graph();
    const readRules = async (tenantId: string) => (await readRulesInForce(context, tenantId))?.document;
    const checks = chosen
      .slice(0, MOST_TENANTS)
      .flatMap(({ tenantId }) => checksOf({ callGraph, config, readRules }, tenantId, watched));
    return [...checks, ...leftOut(chosen)];
  } catch (error) {
    if (error instanceof ReceiverError && error.code === 'tenantNotActive') throw error;
    return [
      { name: 'customers', run: () => Promise.reject(error instanceof Error ? error : new TypeError('unknown')) },
    ];
  }
}

function checksOf(deps: TenantDeps, tenantId: string, all: readonly Watch[]): Check[] {
  const watched = all.filter((watch) => watch.wanted && watch.tenantId === tenantId);
  return [
    { name: `permissions of ${tenantId}`, run: async () => [await checkPermissions(deps, tenantId, watched)] },
    { name: `pull printing of ${tenantId}`, run: async () => [await checkPullPrinting(deps, tenantId, watched)] },
  ];
}

function leftOut(chosen: readonly Tenant[]): Check[] {
  const left = chosen.length - MOST_TENANTS;
  if (chosen.length === 0) {
    return [{ name: 'customers', run: () => found({ check: 'customers', state: 'skipped', seen: 'none is active' }) }];
  }
  if (left <= 0) return [];
  const seen = `${plural(left, 'more customer')}: doctor --tenant <name or id>`;
  return [{ name: 'customers', run: () => found({ check: 'customers', state: 'skipped', seen }) }];
}

function found(finding: Finding): Promise<Finding[]> {
  return Promise.resolve([finding]);
}
