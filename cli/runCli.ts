import { Command, CommanderError } from 'commander';
import { once } from '../shared/concurrency';
import { errorFields, ReceiverError } from '../shared/errors';
import { createLogger } from '../shared/logger';
import { usageError } from './arguments';
import type { CliContext, CliIo, CliServices } from './context';
import { completionCommand } from './completion';
import { definitionsCommand } from './definitions';
import { errorDocument, failureDocument, usageDocument, wantsJson } from './errorDocument';
import { doctorCommand } from './doctor';
import { fleetCommand } from './fleet/fleet';
import { eventsCommand } from './events';
import { commandsOf, createHints } from './hints';
import { jobsCommand } from './jobs';
import { listenCommand } from './listen';
import { LOCAL_TOOL_USAGE, localToolCommand } from './localTool';
import { errorLines } from './output';
import { printersCommand } from './printers';
import { poisonCommand } from './poison';
import { startProgress } from './progress';
import { resolveNames } from './resolveNames';
import { readSettings } from './settings';
import { rulesCommand } from './rules';
import { statusCommand } from './status';
import { subscriptionsCommand } from './subscriptions';
import { tenantsCommand } from './tenants';
import { createTerminal } from './terminal';
import { triggersCommand } from './triggers';

/** 0 done, 1 failed, 2 wrong usage, 3 different from what is wanted. A signal replaces it by its own, see signals.ts. */
export type ExitCode = 0 | 1 | 2 | 3;

const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 fleet check found a difference, 130 stopped by Ctrl-C, 143 by SIGTERM.
With --json, an error is a JSON document of one line, the last one on stderr:
code, problem, details, remedy, and whether a retry may succeed.`;

/**
 * Runs one command line. Never rejects: an error becomes a few lines on stderr, or with --json a document, and an exit code.
 *
 * @param argv the words after the name of the program
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const isJson = wantsJson(argv);
  const failures: string[] = [];
  const program = new Command('universal-print-receiver');
  const hints: { toHint: (line: string) => string } = { toHint: (line) => line };
  const terminal = createTerminal(io, {
    toHint: (line) => hints.toHint(line),
    ...(isJson ? { onError: (lines) => failures.push(...lines) } : {}),
  });
  const progress = startProgress({ terminal, now: io.now, every: io.every });
  let ended: 0 | 1 | 3 = 0;
  const verbose = () => program.opts<{ verbose?: true }>().verbose === true;
  const toStderr = (line: string) => {
    if (verbose()) terminal.note(line);
  };
  const logger = createLogger({ info: toStderr, warn: toStderr, error: toStderr });
  const settings = once(() => readSettings(io.env, io.directory));
  let opened: Promise<CliServices> | undefined;
  const context: CliContext = {
    terminal: {
      ...terminal,
      confirm: (question) => {
        progress.stop();
        return terminal.confirm(question);
      },
    },
    version: io.version,
    functionKey: async () => {
      const key = (await settings())['FUNCTION_KEY'];
      return { key, isElsewhere: key === undefined && Boolean(io.env['FUNCTION_KEY']?.trim()) };
    },
    now: io.now,
    sleep: io.sleep,
    userName: io.userName,
    runLocalTool: async (argv) => {
      progress.stop();
      const { GRAPH_BASE_URL } = await settings();
      return io.runLocalTool(argv, { ...io.env, GRAPH_BASE_URL });
    },
    signIn: io.signIn,
    openBrowser: io.openBrowser,
    openStorage: io.openStorage,
    interruption: () => {
      // Verbs that run until they are stopped report by themselves.
      progress.stop();
      return io.interruption();
    },
    fetch: io.fetch,
    directory: io.directory,
    withoutSettings: () => progress.watch(io.createServices(io.env)),
    trustedHosts: io.env['TRUSTED_HOSTS'] || undefined,
    services: () => (opened ??= settings().then((env) => progress.watch(io.createServices(env)))),
    logger,
    markFailed: () => {
      ended = 1;
    },
    markDifferent: () => {
      if (ended === 0) ended = 3;
    },
  };
  program
    .description(
      'Operate the Universal Print receiver. Settings are read from the environment if it has any, else from local.settings.json.',
    )
    .version(io.version, '--version', 'print the version')
    .option('--verbose', 'write the log to stderr')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_HELP)
    .configureOutput({
      writeOut: (text) => terminal.print(...ownLines(text)),
      writeErr: (text) => {
        if (!isJson) terminal.note(...ownLines(text));
      },
    })
    .showHelpAfterError('Add --help to see what the command takes.')
    .exitOverride();
  program.hook('preAction', (_program, command) => resolveNames(context, command));
  tenantsCommand(program.command('tenants'), context);
  definitionsCommand(program.command('definitions'), context);
  printersCommand(program.command('printers'), context);
  triggersCommand(program.command('triggers'), context);
  subscriptionsCommand(program.command('subscriptions'), context);
  fleetCommand(program.command('fleet'), context);
  jobsCommand(program.command('jobs'), context);
  eventsCommand(program.command('events'), context);
  listenCommand(program.command('listen'), context);
  poisonCommand(program.command('poison'), context);
  rulesCommand(program.command('rules'), context);
  statusCommand(program.command('status'), context);
  doctorCommand(program.command('doctor'), context);
  localToolCommand(program.command('print'), context, 'Print a job in the local cloud');
  localToolCommand(program.command('fault'), context, 'Make Graph of the local cloud fail');
  completionCommand(program.command('completion'), program, context);
  if (io.calledAs !== undefined) hints.toHint = createHints(io.calledAs, commandsOf(program));
  try {
    requireLines(argv);
    await program.parseAsync(argv, { from: 'user' });
    if (failures.length > 0) terminal.errorJson(failureDocument(failures));
    return ended;
  } catch (error) {
    // Help and version have exit code 0. Every other error of commander is about the arguments.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (isJson && error.code !== LOCAL_TOOL_USAGE) terminal.errorJson(usageDocument(error));
      return 2;
    }
    logger.error('cli.failed', errorFields(error));
    if (isJson) terminal.errorJson(errorDocument(error));
    else terminal.error(...errorLines(error));
    return error instanceof ReceiverError && error.code === 'usage' ? 2 : 1;
  } finally {
    progress.stop();
  }
}

/** Commander quotes arguments in its own text of several lines. There a line end in an argument looks like one of the text. */
function requireLines(argv: readonly string[]): void {
  const word = argv.find((text) => text.includes('\n'));
  if (word !== undefined) throw usageError(`The argument "${word}" is not one line of text`);
}

/** The lines of a text of commander, which ends with a line end. */
function ownLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
