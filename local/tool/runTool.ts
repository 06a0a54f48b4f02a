import { Command, CommanderError } from 'commander';
import { ControlError, createControlClient } from '../graphSimulator/control/controlClient';
import type { LocalCloudFile } from '../localCloudFile';
import { ToolError, type ToolContext } from './context';
import { faultCommand } from './fault';
import { createOutput, type OutputStreams } from './output';
import { printCommand } from './print';

const HELP_HINT = 'Add --help to see what the command takes.';

export interface ToolIo extends OutputStreams {
  /** The setting GRAPH_BASE_URL of the command line. */
  graphBaseUrl: string | undefined;
  /** The file of a running `npm start` in the current folder. */
  localCloud: LocalCloudFile | undefined;
}

/** Runs `print` or `fault`. Never rejects. 0 done, 1 failed, 2 wrong usage. With --json, an error is a document on stderr. */
export async function runTool(argv: readonly string[], io: ToolIo): Promise<0 | 1 | 2> {
  const isJson = argv.includes('--json');
  const output = createOutput(io);
  const context: ToolContext = {
    output,
    control: () => createControlClient(requireLocalCloud(requireLocalGraph(io.graphBaseUrl), io.localCloud)),
  };
  const program = new Command('universal-print-receiver')
    .configureOutput({
      writeOut: output.help,
      writeErr: (text) => {
        if (!isJson) output.usage(text);
      },
    })
    .showHelpAfterError(HELP_HINT)
    .exitOverride();
  printCommand(program.command('print'), context);
  faultCommand(program.command('fault'), context);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    const isUsage = error instanceof CommanderError;
    if (isUsage && error.exitCode === 0) return 0;
    const problem = isUsage ? error.message.replace(/^error: /, '') : describe(error, io.graphBaseUrl);
    if (isJson) output.errorJson(errorDocument(isUsage ? 'usage' : 'failed', problem));
    else if (!isUsage) output.error(problem);
    return isUsage ? 2 : 1;
  }
}

/** An error in the form of the other verbs (docs/command-line.md, exit codes). A problem of these verbs ends with its remedy. */
function errorDocument(code: 'usage' | 'failed', problem: string) {
  const remedy = code === 'usage' ? HELP_HINT : 'Correct what the problem names, and run the command again.';
  return { code, problem: problem.replace(/\.$/, ''), details: [], remedy, retryable: code === 'failed' };
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The origin of the simulated Graph. Customers print on their own printers, and nothing here may reach one of theirs. */
function requireLocalGraph(graphBaseUrl: string | undefined): string {
  const remedy = 'Run `npm start`, then the command in the same folder.';
  if (graphBaseUrl === undefined || graphBaseUrl.trim() === '') {
    throw new ToolError(`print and fault act on the local cloud alone, and GRAPH_BASE_URL is not set. ${remedy}`);
  }
  const url = URL.canParse(graphBaseUrl) ? new URL(graphBaseUrl) : undefined;
  if (url && LOOPBACK.has(url.hostname)) return url.origin;
  const where = url ? url.origin : 'not a URL';
  throw new ToolError(`print and fault act on the local cloud alone, and GRAPH_BASE_URL is ${where}. ${remedy}`);
}

/** The file holds a token without which the local cloud answers no call. */
function requireLocalCloud(graphUrl: string, localCloud: LocalCloudFile | undefined): LocalCloudFile {
  const remedy = 'Is `npm start` running here?';
  if (localCloud === undefined) throw new ToolError(`There is no local.cloud.json in this folder. ${remedy}`);
  if (localCloud.graphUrl === graphUrl) return localCloud;
  const where = `${graphUrl}, and local.cloud.json is of the local cloud at ${localCloud.graphUrl}`;
  throw new ToolError(`GRAPH_BASE_URL is ${where}. ${remedy}`);
}

function describe(error: unknown, graphBaseUrl = ''): string {
  if (error instanceof ToolError) return error.message;
  // What fetch throws has the error of the system as its cause. Not instanceof: it may be of another realm, such as Jest's.
  const code = fieldOf(fieldOf(error, 'cause'), 'code');
  if (typeof code === 'string') {
    return `Cannot reach the local cloud at ${new URL(graphBaseUrl).origin} (${code}). Is \`npm start\` running?`;
  }
  if (error instanceof ControlError && error.status === 401) {
    const { origin } = new URL(graphBaseUrl);
    return `The local cloud at ${origin} does not accept the token of local.cloud.json. Is \`npm start\` running here?`;
  }
  const message = fieldOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
