/** Help of the option --json, the same on every verb that prints data. */
export const JSON_HELP = 'print one JSON document and nothing else';

/** What stands under the help of a verb: one command to copy, as it is typed after `npm run -s cli --`. */
export function exampleHelp(command: string): string {
  return `\nExample:\n  npm run -s cli -- ${command}`;
}
