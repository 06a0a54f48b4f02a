import { Argument, type Command } from 'commander';
import { examples, JSON_HELP, wholeNumber, type ToolContext } from './context';
import { describePresets, PRESETS, type Preset, type PresetName } from './presets';

interface SetOptions {
  tenant?: string;
  count?: number;
  seconds?: number;
  json?: true;
}

const NAMES = Object.keys(PRESETS);
const LIST = Object.entries(PRESETS)
  .map(([name, { meaning }]) => `  ${name.padEnd(12)}  ${meaning}`)
  .join('\n');

/** The group `fault`: what goes wrong in the local cloud. */
export function faultCommand(group: Command, context: ToolContext): void {
  group.description('Make Graph of the local cloud fail').addHelpText('after', `\nFaults:\n${LIST}`);
  group
    .command('list')
    .description('List the faults and what is left of those that are set')
    .option('--json', JSON_HELP)
    .addHelpText('after', examples('fault list'))
    .action((options: { json?: true }) => list(context, options));
  group
    .command('set')
    .description('Set a fault')
    .addArgument(new Argument('<fault>', 'which').choices(NAMES))
    .option('--count <number>', 'how many notifications or calls it affects', wholeNumber)
    .option('--seconds <number>', 'how long an outage lasts, or what Retry-After says', wholeNumber)
    .option('--tenant <id>', 'id or name of the customer that it affects')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      `\nFaults:\n${LIST}\n${examples('fault set lose-next', 'fault set throttle --count 3 --seconds 20', 'fault set no-consent --tenant Contoso')}`,
    )
    .action((name: PresetName, options: SetOptions) => set(context, name, options));
  group
    .command('clear')
    .description('Clear a fault, or all')
    .addArgument(new Argument('[fault]', 'which').choices(NAMES))
    .option('--json', JSON_HELP)
    .addHelpText('after', examples('fault clear', 'fault clear outage'))
    .action((name: PresetName | undefined, options: { json?: true }) => clear(context, name, options));
}

async function list({ control, output }: ToolContext, { json }: { json?: true }): Promise<void> {
  const rows = await describePresets(control());
  if (json) return output.json(rows);
  const width = Math.max(...NAMES.map((name) => name.length));
  const states = Math.max(5, ...rows.map(({ state }) => state.length));
  const line = (name: string, state: string, meaning: string) =>
    `${name.padEnd(width)}  ${state.padEnd(states)}  ${meaning}`.trimEnd();
  output.print(
    line('FAULT', 'STATE', 'MEANING'),
    ...rows.map(({ fault, state, meaning }) => line(fault, state, meaning)),
  );
}

async function set({ control, output }: ToolContext, name: PresetName, options: SetOptions): Promise<void> {
  const simulator = control();
  const preset: Preset = PRESETS[name];
  await preset.set(simulator, options);
  const row = (await describePresets(simulator)).find(({ fault }) => fault === name);
  if (options.json) return output.json(row);
  if (!preset.canClear) return output.print(`Done: ${preset.meaning}.`);
  output.print(`Set ${name}: ${row?.state ?? ''}. To clear it: npm run -s cli -- fault clear ${name}`);
}

async function clear({ control, output }: ToolContext, name: PresetName | undefined, { json }: { json?: true }) {
  const simulator = control();
  const cleared: Preset[] = name === undefined ? Object.values(PRESETS) : [PRESETS[name]];
  for (const preset of cleared) await preset.clear(simulator);
  if (json) return output.json(await describePresets(simulator));
  output.print(name === undefined ? 'Cleared all faults.' : `Cleared ${name}.`);
}
