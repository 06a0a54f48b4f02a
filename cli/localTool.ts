import { CommanderError, type Command } from 'commander';
import type { CliContext } from './context';

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
      if (code === 2) throw new CommanderError(2, 'localTool.usage', 'The program has said what is wrong.');
      if (code !== 0) context.markFailed();
    });
}
