import { CommanderError, type Command } from 'commander';
import type { CliContext } from './context';

/** The code of an error that the program has reported itself. */
export const LOCAL_TOOL_USAGE = 'localTool.usage';

/**
 * A verb of the local cloud (local/tool.ts), which the command line only starts: the product does not know whether Graph is
 * simulated. That program has its own options and help.
 */
export function localToolCommand(command: Command, context: CliContext, description: string): void {
  command
    .description(description)
    .argument('[words...]', 'see --help of the verb')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[]) => {
      const code = await context.runLocalTool([command.name(), ...words]);
      if (code === 2) throw new CommanderError(2, LOCAL_TOOL_USAGE, 'The program has reported the wrong usage.');
      if (code !== 0) context.markFailed();
    });
}
