import type { CommanderError } from 'commander';
import { ERRORS, ReceiverError } from '../shared/errors';
import { saidLines } from './graphRefusal';
import { foreignError } from './output';

/** An error as `--json` prints it, on one line, which is the last one on stderr. */
export interface ErrorDocument {
  /** A code of shared/errors.ts, or `failed` for a verb that completed with failures. */
  code: string;
  /** Without a full stop at the end. */
  problem: string;
  details: readonly string[];
  remedy: string;
  /** True when the same command may succeed later without anybody changing anything. */
  retryable: boolean;
}

/** Whether the errors of this command line are documents. It must be known for a command line that cannot be parsed, too. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

/** The document of an error that ended the command. */
export function errorDocument(error: unknown): ErrorDocument {
  if (error instanceof ReceiverError) {
    const { code, problem, details, remedy, retryable } = error;
    return { code, problem, details: [...details, ...saidLines(error)], remedy, retryable };
  }
  return { code: 'unexpected', details: [], retryable: ERRORS.unexpected.retryable, ...foreignError(error) };
}

/** The document of a command line that commander refused. */
export function usageDocument({ code, message }: CommanderError): ErrorDocument {
  const [problem = '', ...details] = message.replace(/^error: /, '').split('\n');
  const isGroup = code === 'commander.help';
  return { code: 'usage', problem: isGroup ? 'A command is missing' : problem, details, ...ERRORS.usage };
}

/** The document of a verb that completed with failures, which it reported as lines. */
export function failureDocument([problem = 'The command had failures', ...details]: readonly string[]): ErrorDocument {
  const remedy = 'See the document on stdout for what succeeded and what failed.';
  return { code: 'failed', problem: problem.replace(/\.$/, ''), details, remedy, retryable: true };
}
