import { Command, CommanderError } from 'commander';
import { errorFields, ReceiverError } from '../shared/errors';
import { createLogger } from '../shared/logger';
import type { CliContext, CliIo, CliServices } from './cliContext';
import { definitionsCommand } from './definitions';
import { errorLines } from './errorLines';
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
 * Runs one command line. Never rejects: an error is a few lines on stderr and an exit code.
 *
 * @param argv the words after the program's name
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
    .description('Operates the Universal Print receiver. Settings: environment, then local.settings.json.')
    .option('--verbose', 'show what happens underneath, on stderr')
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
    // Help and version end in 0; whatever else commander has to say is about the words it was given.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    toStderr(JSON.stringify({ event: 'cli.failed', ...errorFields(error) }));
    io.stderr(`error: ${errorLines(error)}\n`);
    return error instanceof ReceiverError && error.code === 'usage' ? 2 : 1;
  }
}
