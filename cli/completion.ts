import type { Command, Option } from 'commander';
import type { CliContext } from './context';
import { oneOf } from './arguments';
import { example } from './output';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const PROGRAMS = ['upr', 'universal-print-receiver'];

/** The command `completion`: a script that completes groups, verbs, options and their words. Nothing is read or sent. */
export function completionCommand(command: Command, program: Command, { terminal }: CliContext): void {
  command
    .description('Print a script that completes commands in a shell')
    .argument('<shell>', SHELLS.join(', '), oneOf(SHELLS))
    .addHelpText(
      'after',
      `${example('completion bash')}

bash:  source <(upr completion bash)                                     in ~/.bashrc
zsh:   source <(upr completion zsh)                                      in ~/.zshrc, after compinit
fish:  upr completion fish > ~/.config/fish/completions/upr.fish`,
    )
    .action((shell: string) => {
      const words = wordsOf(program, []);
      terminal.print(...(shell === 'fish' ? fishScript(words) : bashScript(words, shell === 'zsh')));
    });
}

/** What may follow a command. */
interface Words {
  /** The words of the command, such as `jobs list`; empty for the program itself. */
  path: string;
  next: readonly string[];
  /** Options that take a value, with the words that are possible, if these are known. */
  values: readonly { option: string; words: readonly string[] }[];
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const options = [...command.options, ...(path.length === 0 ? [] : (command.parent?.options ?? []))];
  const own: Words = {
    path: path.join(' '),
    next: [...command.commands.map((inner) => inner.name()), ...options.flatMap(({ long }) => long ?? []), '--help'],
    values: options.filter(takesValue).map((option) => ({ option: option.long ?? '', words: knownWords(option) })),
  };
  return [own, ...command.commands.flatMap((inner) => wordsOf(inner, [...path, inner.name()]))];
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** The words in the help of an option, such as "only this status: claimed, done". */
function knownWords({ argChoices, description }: Option): readonly string[] {
  if (argChoices) return argChoices;
  const [, listed = ''] = /: ([a-z][\w]*(?:, [a-z][\w]*)+)$/i.exec(description) ?? [];
  return listed === '' ? [] : listed.split(', ');
}

/** A function that looks the words before the cursor up. zsh runs it through bashcompinit. */
function bashScript(words: readonly Words[], isZsh: boolean): string[] {
  return [
    ...(isZsh ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_upr() {',
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" path="" word index',
    '  for ((index = 1; index < COMP_CWORD; index++)); do',
    '    word="${COMP_WORDS[index]}"',
    '    case "${path:+$path }$word" in',
    ...(words.length > 1
      ? [
          `      ${words
            .slice(1)
            .map(({ path }) => quote(path))
            .join('|')}) path="\${path:+$path }$word" ;;`,
        ]
      : []),
    '    esac',
    '  done',
    '  case "$path|$previous" in',
    ...words.flatMap(({ path, values }) =>
      values.map(
        ({ option, words: known }) =>
          `    ${quote(`${path}|${option}`)}) COMPREPLY=($(compgen -W ${quote(known.join(' '))} -- "$current")); return ;;`,
      ),
    ),
    '  esac',
    '  case "$path" in',
    ...words.map(
      ({ path, next }) => `    ${quote(path)}) COMPREPLY=($(compgen -W ${quote(next.join(' '))} -- "$current")) ;;`,
    ),
    '  esac',
    '}',
    `complete -o default -F _upr ${PROGRAMS.join(' ')}`,
  ];
}

function fishScript(words: readonly Words[]): string[] {
  return PROGRAMS.flatMap((program) =>
    words.flatMap(({ path, next, values }) => {
      const seen = path.split(' ').filter((word) => word !== '');
      const condition =
        seen.length === 0
          ? '__fish_use_subcommand'
          : seen.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
      const complete = (rest: string) => `complete -c ${program} -f -n ${quote(condition)} ${rest}`;
      return [
        ...next.filter((word) => !word.startsWith('--')).map((word) => complete(`-a ${word}`)),
        ...next.filter((word) => word.startsWith('--')).map((word) => complete(`-l ${word.slice(2)}`)),
        ...values
          .filter(({ words: known }) => known.length > 0)
          .map(({ option, words: known }) => complete(`-l ${option.slice(2)} -x -a ${quote(known.join(' '))}`)),
      ];
    }),
  );
}

/** The words are of this program and hold no quotes. */
function quote(text: string): string {
  return `'${text}'`;
}
