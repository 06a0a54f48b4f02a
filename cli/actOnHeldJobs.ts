import { randomBytes } from 'node:crypto';
import { InvalidArgumentError, type Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { parseJobKey, storeDecision } from '../shared/heldJobs/actOnHeldJobs';
import { parseDecision } from '../shared/heldJobs/requests';
import { searchHeldJobs } from '../shared/heldJobs/searchHeldJobs';
import { listedForOperator, shownToOperator, type JobOfOperator } from '../shared/heldJobs/shownJob';
import type { WishAction } from '../shared/jobs/wishes';
import { isRecord, parseJson, parseText } from '../shared/parse';
import { QUEUE_NAMES } from '../shared/storage/account';
import { nameArgument, usageError, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { example, JSON_HELP, warn, type JsonOption } from './output';

const TENANT = '11111111-1111-1111-1111-111111111111';
const KEY = 'jobStarted_22222222-2222-2222-2222-222222222222_33333333-3333-3333-3333-333333333333';
const PRINTER = '44444444-4444-4444-4444-444444444444';

interface ActOptions extends JsonOption {
  tenant: string;
  printer?: string;
  configure?: unknown;
  reason?: string;
}

/** The verbs of the group `jobs` that act on held jobs. */
export function heldJobCommands(group: Command, context: CliContext): void {
  const onHeld = (action: WishAction, description: string) =>
    group
      .command(action)
      .description(description)
      .argument('<key>', 'key of the job event, see jobs list --state held', keyArgument)
      .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
      .option('--json', JSON_HELP)
      .action((key: string, options: ActOptions) => act(context, action, key, options));
  const configure = ['--configure <json>', 'changes to the configuration of the job, as in rules'] as const;
  onHeld('release', 'Print a held job')
    .option(...configure, jsonArgument)
    .addHelpText('after', example(`jobs release ${KEY} --tenant ${TENANT}`));
  onHeld('redirect', 'Print a held job on another printer of the same customer')
    .requiredOption('--printer <name or id>', 'the printer', nameArgument)
    .option(...configure, jsonArgument)
    .addHelpText('after', example(`jobs redirect ${KEY} --tenant ${TENANT} --printer ${PRINTER}`));
  onHeld('abort', 'End a held job without printing')
    .option('--reason <text>', 'why, for the user of the job', nameArgument)
    .addHelpText('after', example(`jobs abort ${KEY} --tenant ${TENANT} --reason "Left the building"`));
}

async function act(context: CliContext, action: WishAction, key: string, options: ActOptions): Promise<void> {
  const { terminal, logger, now, userName } = context;
  const { tenant: tenantId, json, ...asked } = options;
  const parsed = parseDecision(action, JSON.stringify(asked));
  if (!('value' in parsed)) throw usageError(`jobs ${action}: ${parsed.message}`);
  const services = await context.services();
  const jobs = await services.queue(QUEUE_NAMES.jobs);
  const deps = { ledger: await services.ledger(), jobs, randomBytes, clock: { now }, logger };
  const result = await storeDecision(deps, `cli:${userName()}`, { tenantId, rowKey: key }, parsed.value);
  const show = `jobs show ${key} --tenant ${tenantId}`;
  switch (result.outcome) {
    case 'unknown':
      throw new ReceiverError('jobNotFound', `The ledger of tenant ${tenantId} has no job ${key}`);
    case 'notHeld': {
      const { status, outcome = status } = result.job;
      throw new ReceiverError('jobNotHeld', `The job ${key} is not held (${outcome})`, { remedy: `See: ${show}` });
    }
    case 'conflict': {
      const { action: first, by, at } = result.stored;
      throw new ReceiverError('wishPending', `${by} asked at ${at} to ${first} the job ${key}, which is not done yet`, {
        remedy: `The app carries it out within seconds. See: ${show}`,
      });
    }
    case 'accepted':
      if (json) return terminal.json(shownToOperator(tenantId, result.job));
      terminal.print(`The app will ${action} ${key} within seconds. See: ${show}`);
  }
}

/** `jobs list --state held`: the held jobs of one customer or of all, from their index. */
export async function listHeldJobs(
  { terminal, services }: CliContext,
  { tenant, user, limit, json }: JsonOption & { tenant?: string; user?: string; limit: number },
): Promise<void> {
  const opened = await services();
  const ledger = await opened.ledger();
  const tenants: string[] = tenant === undefined ? [] : [tenant];
  if (tenant === undefined) {
    for await (const { tenantId } of (await opened.tenants()).list(warn(terminal))) tenants.push(tenantId);
  }
  const found: JobOfOperator[] = [];
  for (const tenantId of tenants) {
    for (let after: string | undefined; found.length < limit;) {
      const search = { tenantId, user, limit: limit - found.length, ...(after === undefined ? {} : { after }) };
      const { jobs, last } = await searchHeldJobs({ ledger, onUnreadable: warn(terminal) }, search);
      found.push(...jobs.map((job) => listedForOperator(tenantId, job)));
      after = last;
      if (last === undefined) break;
    }
  }
  if (json) return terminal.json(found);
  if (found.length === 0) return terminal.print('No job is held.');
  const rows = found.map(({ tenantId, heldUntil = '', createdBy, displayName = '', wish, key }) => [
    ...[tenantId, heldUntil, userOf(createdBy), displayName, wish ? `${wish.action} by ${wish.by ?? ''}` : '', key],
  ]);
  terminal.table(['tenant', 'held until', 'user', 'job', 'wish', 'key'], rows);
  if (found.length === limit) terminal.note('There may be more held jobs: add --limit <count>');
}

function userOf(createdBy: object | undefined): string {
  const user = isRecord(createdBy) ? createdBy : {};
  return parseText(user['userPrincipalName']) || parseText(user['id']);
}

function keyArgument(value: string): string {
  const key = parseJobKey(value);
  if (key === undefined) throw new InvalidArgumentError('It must be the key of a job event.');
  return key;
}

function jsonArgument(value: string): unknown {
  const json = parseJson(value);
  if (json === undefined) throw new InvalidArgumentError('It must be JSON, such as {"colorMode":"grayscale"}.');
  return json;
}
