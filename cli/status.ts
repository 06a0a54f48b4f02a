import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import type { SinkDescription } from '../shared/settings/eventSink';
import type { HeldJobs } from '../shared/status/jobStates';
import type { KeyUse } from '../shared/status/keyUse';
import type { QueueState } from '../shared/status/queueStates';
import type { Reason } from '../shared/status/reasons';
import { readServiceStatus, type FullStatus, type InvalidStatus } from '../shared/status/serviceStatus';
import { QUEUE_NAMES } from '../shared/storage/account';
import type { CliContext } from './context';
import { errorLines, example, JSON_HELP, plural, type JsonOption } from './output';
import { escapeControls, type Terminal } from './terminal';

/** These bounds keep `status` within 80 by 24, the size of the smallest terminal, whatever the number of reasons. */
const REASONS_SHOWN = 3;
/** Two lines, less the words `Next:` and the name of the program before the next command. */
const REASON_LENGTH = 132;

/** The command `status`: what an operator looks at first, on one screen. */
export function statusCommand(command: Command, context: CliContext): void {
  command
    .description('Show service health: OK, or ATTENTION with the reasons')
    .option('--check', 'exit with 1 when the service needs attention')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('status', 'status --check'))
    .action((options: StatusOptions) => status(context, options));
}

interface StatusOptions extends JsonOption {
  check?: true;
}

async function status(context: CliContext, options: StatusOptions): Promise<void> {
  const { terminal, logger, version, markFailed } = context;
  const read = await readServiceStatus(await context.services(), { version, now: context.now(), logger });
  if (options.check && read.state === 'ATTENTION') markFailed();
  if ('settings' in read) return printInvalid(context, read, options);
  if (options.json) return terminal.json(read);
  for (const message of read.unreadableRows) terminal.warn(message);
  print(terminal, read);
  printQueues(terminal, read.queues);
}

/** Wrong settings are an error without --check too: nothing else can be said about the service. */
function printInvalid({ terminal, markFailed }: CliContext, read: InvalidStatus, options: JsonOption): void {
  const { length } = read.settings;
  const problem = length === 1 ? '1 setting to correct' : `${length} settings to correct`;
  const error = new ReceiverError('configInvalid', problem, { details: read.settings });
  markFailed();
  terminal.error(...errorLines(error), 'Until then the app holds its messages, and answers Graph with 503.');
  if (options.json) return terminal.json(read);
  terminal.print(`${read.state} (version ${read.version})`, '');
  printQueues(terminal, read.queues);
}

const SINK_WORDS: Readonly<Record<SinkDescription['kind'], string>> = { webhook: 'webhook', eventGrid: 'Event Grid' };

function print(terminal: Terminal, read: FullStatus): void {
  const { tenants, minutesToNearestExpiry, lastRenewal, foundOnlyBySweep, heldJobs, sink, trustedHosts } = read;
  const facts = [
    ['tenants', countWords(tenants)],
    ['watches', describeWatches(read)],
    ['keys', describeKeys(read.keys, read.unseenMessages)],
    ['minutes to nearest expiry', minutesToNearestExpiry === undefined ? 'none' : String(minutesToNearestExpiry)],
    ['last renewal', lastRenewal ?? 'never'],
    ['last sweep', describeSweep(read)],
    ['jobs found only by the sweep', String(foundOnlyBySweep)],
    ...(heldJobs.count === 0 ? [] : [['held jobs', describeHeldJobs(heldJobs)]]),
    ...(sink === null ? [] : [['events are delivered to', `${SINK_WORDS[sink.kind]} ${sink.host}`]]),
    // Outside Microsoft's clouds: the operator should see that credentials are sent there.
    ...(trustedHosts.length === 0 ? [] : [['trusted hosts', trustedHosts.join(', ')]]),
  ];
  terminal.print(`${read.state} (version ${read.version})`, ...describeReasons(read.reasons));
  terminal.table(['status', ''], facts);
  terminal.print('');
}

function describeReasons(reasons: readonly Reason[]): string[] {
  const lines = reasons.slice(0, REASONS_SHOWN).map(({ problem, next }) => {
    const room = REASON_LENGTH - next.length;
    return `${shorten(escapeControls(problem), room)}. Next: ${next}`;
  });
  const more = reasons.length - lines.length;
  return more > 0 ? [...lines, `${plural(more, 'more reason')}: status --json`] : lines;
}

function shorten(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

function describeWatches({ watches, watchesOfInactiveTenants }: FullStatus): string {
  const inactive = watchesOfInactiveTenants === 0 ? '' : `; ${watchesOfInactiveTenants} of inactive tenants`;
  return countWords(watches) + inactive;
}

function describeSweep({ lastSweep, neverSwept }: FullStatus): string {
  if (lastSweep === undefined) return 'never';
  return neverSwept === 0 ? lastSweep : `${lastSweep}; never for ${plural(neverSwept, 'active tenant')}`;
}

function describeHeldJobs({ count, more, nextEnd }: HeldJobs): string {
  return `${count}${more ? ' or more' : ''}${nextEnd === undefined ? '' : `; the next hold ends ${nextEnd}`}`;
}

/** The keys on one line. */
function describeKeys(keys: readonly KeyUse[], unseen: number): string {
  return keys
    .map(({ keyId, role, watches, tokens, messages, removable }) => {
      const words = [role, plural(watches, 'watch', 'watches')];
      if (tokens > 0) words.push(plural(tokens, 'device token'));
      if (role !== 'signs' && messages > 0) words.push(plural(messages, 'message'));
      if (role === 'verifies' && unseen > 0)
        words.push(`perhaps some of ${plural(unseen, 'message')} that cannot be seen`);
      if (removable) words.push('may be removed');
      return `${keyId}: ${words.join(', ')}`;
    })
    .join('; ');
}

function countWords(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).filter(([, count]) => count > 0);
  return words.length === 0 ? 'none' : words.map(([word, count]) => `${count} ${word}`).join(', ');
}

/** The queues that only a sink uses. */
const SINK_QUEUES: readonly string[] = [QUEUE_NAMES.waitingEvents, QUEUE_NAMES.deadEvents];

/** Queues that only a sink uses are left out while they are empty. */
function printQueues(terminal: Terminal, queues: readonly QueueState[]): void {
  const shown = queues.filter(({ queue, waiting }) => waiting > 0 || !SINK_QUEUES.includes(queue));
  const rows = shown.map(({ queue, waiting, poison, oldestPoisonMinutes }) => [
    queue,
    String(waiting),
    poison === undefined ? '' : String(poison),
    oldestPoisonMinutes === undefined ? '' : `${oldestPoisonMinutes} min`,
  ]);
  terminal.table(['queue', 'waiting', 'poison', 'oldest poison'], rows);
}
