import { InvalidArgumentError, type Command } from 'commander';
import type { DeviceToken } from '../shared/deviceTokens/deviceTokens';
import { issueToken, tokenState } from '../shared/deviceTokens/issueToken';
import { ReceiverError } from '../shared/errors';
import { idArgument, nameArgument, notListed, usageError, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { example, JSON_HELP, warn, type JsonOption } from './output';

const TENANT = '11111111-1111-1111-1111-111111111111';
const PRINTER = '22222222-2222-2222-2222-222222222222';
const DEFAULT_DAYS = 90;
/** A device that is lost unnoticed can act on jobs until its token expires. */
const MOST_DAYS = 365;
/** One cell of a row holds 64 KiB (Understanding the Table service data model). */
const MOST_PRINTERS = 100;
/** The name is part of each wish and its event. */
const MOST_NAME = 100;

interface CreateOptions extends JsonOption {
  tenant: string;
  name: string;
  printer: string[];
  days: number;
}

/** The group `tenants token`: the tokens of devices such as badge readers. */
export function tokenCommand(group: Command, context: CliContext): void {
  group.description('Manage the tokens with which devices such as badge readers release held jobs of a customer');
  group
    .command('create')
    .description('Create a token. It is shown once')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--name <text>', `name of the device, at most ${MOST_NAME} characters`, deviceNameArgument)
    .requiredOption('--printer <name or id>', 'printer where the device may print; repeatable', addPrinter)
    .option('--days <count>', `days until the token expires, at most ${MOST_DAYS}`, daysArgument, DEFAULT_DAYS)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example(`tenants token create --tenant ${TENANT} --name "Reader 1" --printer ${PRINTER} --days 90`),
    )
    .action((options: CreateOptions) => create(context, options));
  group
    .command('list')
    .description('List the tokens of one customer, or of all')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('tenants token list'))
    .action((options: JsonOption & { tenant?: string }) => list(context, options));
  group
    .command('revoke')
    .description('Revoke a token. The app refuses it within one minute')
    .argument('<tokenId>', 'id of the token, see tenants token list', idArgument)
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example(`tenants token revoke 0123456789abcdef --tenant ${TENANT}`))
    .action((tokenId: string, options: JsonOption & { tenant: string }) => revoke(context, tokenId, options));
}

async function create({ terminal, services }: CliContext, options: CreateOptions): Promise<void> {
  const { tenant: tenantId, name, printer, days } = options;
  const printers = [...new Set(printer)];
  if (printers.length > MOST_PRINTERS) throw usageError(`A token has at most ${MOST_PRINTERS} printers`);
  const opened = await services();
  const tenant = await (await opened.tenants()).get(tenantId);
  if (!tenant || tenant.status === 'removed') throw notListed(tenantId, tenant !== undefined);
  const { token, text } = await issueToken(await opened.deviceTokens(), { tenantId, name, printers, days });
  if (options.json) return terminal.json({ ...token, token: text });
  terminal.print(
    `Created token ${token.tokenId} (${name}) for tenant ${tenantId} (${tenant.name}). It expires at ${token.expiresAt}.`,
    'Store it in the device now, because it is not shown again:',
    text,
  );
}

async function list({ terminal, services, now }: CliContext, options: JsonOption & { tenant?: string }): Promise<void> {
  const { tokens } = await (await services()).deviceTokens();
  const found: (Omit<DeviceToken, 'status'> & { state: string })[] = [];
  for await (const token of tokens.list(options.tenant, warn(terminal))) {
    const { status: _status, ...shown } = token;
    found.push({ ...shown, state: tokenState(token, now()) });
  }
  if (options.json) return terminal.json(found);
  if (found.length === 0) return terminal.print('There is no device token. Create one: tenants token create');
  const rows = found.map(({ tokenId, tenantId, name, state, expiresAt, keyId, printers }) => [
    ...[tokenId, tenantId, name, state, expiresAt, keyId],
    printers.join(' '),
  ]);
  terminal.table(['token', 'tenant', 'name', 'state', 'expires', 'key', 'printers'], rows);
}

async function revoke(
  { terminal, services }: CliContext,
  tokenId: string,
  options: JsonOption & { tenant: string },
): Promise<void> {
  const { tenant } = options;
  const { tokens } = await (await services()).deviceTokens();
  const token = await tokens.revoke(tenant, tokenId);
  if (!token) throw new ReceiverError('tokenNotFound', `Tenant ${tenant} has no device token ${tokenId}`);
  if (options.json) return terminal.json(token);
  terminal.print(`Revoked token ${tokenId} (${token.name}). The app refuses it within one minute.`);
}

function addPrinter(value: string, earlier: string[] = []): string[] {
  return [...earlier, nameArgument(value)];
}

function deviceNameArgument(value: string): string {
  const name = nameArgument(value);
  if (name.length > MOST_NAME) throw new InvalidArgumentError(`It must have at most ${MOST_NAME} characters.`);
  return name;
}

function daysArgument(value: string): number {
  const days = Number(value);
  if (Number.isSafeInteger(days) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_DAYS}.`);
}
