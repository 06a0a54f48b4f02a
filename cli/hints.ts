import { basename } from 'node:path';
import type { Command } from 'commander';
import type { Environment } from './context';

/** How help texts call the command, and what works in the folder of the package. */
const NPM_CALL = 'npm run -s cli --';

/** The names under which the package installs the command. */
const INSTALLED = ['upr', 'universal-print-receiver'];

/**
 * The command as it was called, so that a hint can be pasted as it is printed.
 *
 * @param script the path of the script, argv[1] of the process: of a link in the folder of programs its own name
 */
export function calledAs(script: string | undefined, env: Environment): string {
  const name = basename(script ?? '').replace(/\.(cmd|ps1)$/i, '');
  if (env['npm_lifecycle_event'] !== 'cli' && INSTALLED.includes(name)) return name;
  return NPM_CALL;
}

/** Every command of the program with its group, such as "tenants token create". */
export function commandsOf(program: Command): string[] {
  return program.commands.flatMap((command) => {
    const inner = commandsOf(command);
    return inner.length === 0 ? [command.name()] : inner.map((words) => `${command.name()} ${words}`);
  });
}

/** The words after which a text of this program names a command. */
const BEFORE = ': |\\(|\\b(?:[Rr]un|[Ss]ee|or|with|until) ';

/**
 * Makes the lines of hints: each command of the program that a text names, as in "See: tenants list", gets the name of the
 * program. A command of one word is an ordinary word too, and counts only with an option behind it or at the end of the line.
 */
export function createHints(program: string, commands: readonly string[]): (line: string) => string {
  const several = commands.filter((one) => one.includes(' '));
  const single = commands.filter((one) => !one.includes(' '));
  const named = `(?:${several.join('|')})(?=[ .,;)]|$)|(?:${single.join('|')})(?= --|$)`;
  const pattern = new RegExp(`(${BEFORE})(${named})`, 'g');
  return (line) => {
    if (line.includes(NPM_CALL)) return line.replaceAll(NPM_CALL, program);
    return line.replace(pattern, (_all, before: string, command: string) => `${before}${program} ${command}`);
  };
}
