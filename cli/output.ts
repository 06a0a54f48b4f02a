import { isRecord } from '../shared/parse';
import { ReceiverError } from '../shared/errors';
import { addressOf } from '../shared/storage/errors';
import { saidLines } from './graphRefusal';
import type { Terminal } from './terminal';

export { plural } from '../shared/plural';

/** The meaning of `--json`, in the same words for every verb. */
export const JSON_HELP = 'print one JSON document and nothing else';

/** The option that most verbs have. */
export interface JsonOption {
  json?: true;
}

/** The end of a verb's help: how to call it. */
export function example(...commands: string[]): string {
  const lines = commands.map((command) => `  npm run -s cli -- ${command}`);
  return `\nExample${commands.length > 1 ? 's' : ''}:\n${lines.join('\n')}`;
}

/** Reports progress of long work on stderr: one line after every `step` items. Short work reports nothing. */
export function reportProgress(
  terminal: Terminal,
  step: number,
  describe: (done: number) => string,
): (done: number) => void {
  return (done) => {
    if (done % step === 0) terminal.note(describe(done));
  };
}

/** Prints an error that does not end the command, such as a row that cannot be read. */
export function warn(terminal: Terminal): (error: Error) => void {
  return (error) => terminal.warn(...errorLines(error));
}

/** Remedies for refusals by a queue, which shared/storage passes on unchanged. */
const STORAGE_REMEDIES = new Map([
  [
    403,
    'The identity or key has no access: check AzureWebJobsStorage, the role assignments and the firewall of the account.',
  ],
  [404, 'The queue is missing: deploy the infrastructure, or start the local cloud (npm start).'],
]);

/** The lines of an error: the problem, its details one a line, and the remedy. Never a stack, never text of unknown origin. */
export function errorLines(error: unknown): string[] {
  if (error instanceof ReceiverError) {
    const { problem, details, remedy } = error;
    const said = saidLines(error);
    if (details.length === 0) return [`${problem}. ${remedy}`, ...said];
    return [`${problem}:`, ...details.map((detail) => `  ${detail}`), ...said, remedy];
  }
  const { problem, remedy } = foreignError(error);
  return [`${problem}. ${remedy}`];
}

/** What an error that is not ours allows to say. */
export function foreignError(error: unknown): { problem: string; remedy: string } {
  const name = error instanceof Error ? error.name : 'error';
  const status = isRecord(error) && typeof error['statusCode'] === 'number' ? error['statusCode'] : undefined;
  if (status === undefined) {
    const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : '';
    const reason = /^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : '';
    return { problem: `Unexpected ${name}${reason}`, remedy: 'Run the command again with --verbose.' };
  }
  const remedy = STORAGE_REMEDIES.get(status) ?? 'Try again, and check AzureWebJobsStorage.';
  return { problem: `Storage${whereOf(error)} answered ${status}`, remedy };
}

/** Where an error of a storage SDK happened, if it says so. */
function whereOf(error: unknown): string {
  const request = isRecord(error) ? error['request'] : undefined;
  const url = isRecord(request) ? request['url'] : undefined;
  return typeof url === 'string' && url !== '' ? ` at ${addressOf(url)}` : '';
}
