import { addressOf } from '../shared/storage/errors';
import { Command, CommanderError } from 'commander';
import { errorFields, ReceiverError } from '../shared/errors';
import { createLogger } from '../shared/logger';
import { isRecord } from '../shared/parse';
import type { CliContext, CliIo, CliServices } from './context';
import { definitionsCommand } from './definitions';
import { jobsCommand } from './jobs';
import { poisonCommand } from './poison';
import { readSettings } from './settings';
import { statusCommand } from './status';
import { subscriptionsCommand } from './subscriptions';
import { tenantsCommand } from './tenants';
import { triggersCommand } from './triggers';

/** 0 done, 1 failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/**
 * Runs one command line. Never rejects: an error becomes a few lines on stderr and an exit code.
 *
 * @param argv the words after the name of the program
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const program = new Command('universal-print-receiver');
  let failed = false;
  const verbose = () => program.opts<{ verbose?: true }>().verbose === true;
  const toStderr = (line: string) => {
    if (verbose()) io.stderr(`${line}\n`);
  };
  let opened: Promise<CliServices> | undefined;
  const context: CliContext = {
    io,
    services: () => (opened ??= readSettings(io.env, io.directory).then((env) => io.createServices(env))),
    logger: createLogger({ info: toStderr, warn: toStderr, error: toStderr }),
    markFailed: () => {
      failed = true;
    },
  };
  program
    .description(
      'Operate the Universal Print receiver. Settings are read from the environment, then from local.settings.json.',
    )
    .option('--verbose', 'write the log to stderr')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 wrong usage.')
    .configureOutput({ writeOut: (text) => io.stdout(text), writeErr: (text) => io.stderr(text) })
    .showHelpAfterError('Add --help to see what the command takes.')
    .exitOverride();
  tenantsCommand(program.command('tenants'), context);
  definitionsCommand(program.command('definitions'), context);
  triggersCommand(program.command('triggers'), context);
  subscriptionsCommand(program.command('subscriptions'), context);
  jobsCommand(program.command('jobs'), context);
  poisonCommand(program.command('poison'), context);
  statusCommand(program.command('status'), context);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return failed ? 1 : 0;
  } catch (error) {
    // Help and version have exit code 0. Every other error of commander is about the arguments.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    toStderr(JSON.stringify({ event: 'cli.failed', ...errorFields(error) }));
    io.stderr(`error: ${errorLines(error)}\n`);
    return error instanceof ReceiverError && error.code === 'usage' ? 2 : 1;
  }
}

/** Remedies for refusals by a queue, which shared/storage passes on unchanged. */
const STORAGE_REMEDIES = new Map([
  [
    403,
    'The identity or key has no access: check AzureWebJobsStorage, the role assignments and the firewall of the account.',
  ],
  [404, 'The queue is missing: deploy the infrastructure, or start the local cloud (npm start).'],
]);

/** The text of an error: the problem, its details one a line, and the remedy. Never a stack, never text of unknown origin. */
function errorLines(error: unknown): string {
  if (error instanceof ReceiverError) {
    const { problem, details, remedy } = error;
    if (details.length === 0) return `${problem}. ${remedy}`;
    return `${problem}:\n${details.map((detail) => `  ${detail}\n`).join('')}${remedy}`;
  }
  const name = error instanceof Error ? error.name : 'error';
  const status = isRecord(error) && typeof error['statusCode'] === 'number' ? error['statusCode'] : undefined;
  if (status === undefined) {
    const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : '';
    const reason = /^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : '';
    return `Unexpected ${name}${reason}. Run the command again with --verbose.`;
  }
  const remedy = STORAGE_REMEDIES.get(status) ?? 'Try again, and check AzureWebJobsStorage.';
  return `Storage${whereOf(error)} answered ${status}. ${remedy}`;
}

/** Where an error of a storage SDK happened, if it says so. */
function whereOf(error: unknown): string {
  const request = isRecord(error) ? error['request'] : undefined;
  const url = isRecord(request) ? request['url'] : undefined;
  return typeof url === 'string' && url !== '' ? ` at ${addressOf(url)}` : '';
}
