import { ReceiverError } from '../shared/errors';
import { eventId } from '../shared/jobs/jobEvent';
import { sentEventsOf } from '../shared/jobs/jobEventOfRow';
import type { LedgerKey } from '../shared/jobs/ledger';
import type { LedgerRow } from '../shared/jobs/ledgerRow';
import { timelineOf } from '../shared/operations/timeline';
import { parseJobId, parseJson } from '../shared/parse';
import { usageError } from './arguments';
import type { CliContext } from './context';
import { describeUser, userOfJob } from './jobUser';
import { warn, type JsonOption } from './output';
import { findPrinterName } from './printerNames';

/** `jobs show`: names, steps with their times, and what to type next, for each event of one job. */
export async function showJob(context: CliContext, job: string, options: JsonOption & { tenant: string }) {
  const { terminal, services } = context;
  const { tenant: tenantId } = options;
  const opened = await services();
  const ledger = await opened.ledger();
  const jobId = parseJobId(job);
  if (jobId === undefined) throw usageError('jobs show needs a job id, or the key of a job event');
  const keys: string[] = [];
  if (/^job(Started|Fetchable)_/.test(jobId)) keys.push(jobId);
  else {
    for await (const { rowKey, row } of ledger.list(tenantId, { onUnreadable: warn(terminal) })) {
      if (row?.jobId === jobId) keys.push(rowKey);
    }
  }
  const events = [];
  for (const rowKey of keys) {
    const stored = await ledger.get({ tenantId, rowKey });
    if (stored) events.push(await describeEvent(context, { tenantId, rowKey }, stored.value, stored.changedAt));
  }
  if (events.length === 0) {
    throw new ReceiverError('jobNotFound', `The ledger of tenant ${tenantId} has no job ${job}`);
  }
  const tenantName = (await (await opened.tenants()).get(tenantId))?.name;
  if (options.json) {
    const named = tenantName === undefined ? {} : { tenantName };
    return terminal.json(events.map(({ next, ...event }) => ({ ...event, ...named, next: next.map(commandOf) })));
  }
  for (const { rowKey, printerId, printerName, user, blankedAt, timeline, next } of events) {
    terminal.print(rowKey);
    terminal.fields({
      customer: named(tenantId, tenantName),
      ...(printerId === undefined ? {} : { printer: named(printerId, printerName) }),
      user: user ? describeUser(user) : whyUnknown(blankedAt),
    });
    terminal.print('');
    terminal.table(
      ['when', 'what'],
      timeline.map(({ at, what }) => [at ?? '', what]),
    );
    if (next.length > 0) terminal.print('', ...next.map(({ why, command }) => `${why}: ${command}`));
    terminal.print('');
  }
}

async function describeEvent(context: CliContext, key: LedgerKey, stored: LedgerRow, changedAt: string | undefined) {
  const { job: text = '', ...row } = stored;
  const job = parseJson(text);
  const { printerId } = row;
  const printerName =
    printerId === undefined ? undefined : await findPrinterName(context, { tenantId: key.tenantId, printerId });
  const user = userOfJob(job);
  return {
    rowKey: key.rowKey,
    ...row,
    ...(printerName === undefined ? {} : { printerName }),
    ...(user ? { user } : {}),
    job,
    timeline: timelineOf(key, stored, changedAt),
    next: nextSteps(key, stored),
  };
}

function whyUnknown(blankedAt: string | undefined): string {
  return blankedAt === undefined
    ? 'unknown: the row has no job, or Graph named no user'
    : `removed as personal data at ${blankedAt}`;
}

interface NextStep {
  why: string;
  command: string;
}

const commandOf = ({ command }: NextStep) => command;

/** What an operator may want to do now with a job in this state. */
function nextSteps(key: LedgerKey, row: LedgerRow): NextStep[] {
  const { tenantId, rowKey } = key;
  const tenant = `--tenant ${tenantId}`;
  const search = { why: 'To search Graph for it now', command: `jobs sweep ${tenant}` };
  switch (row.status) {
    case 'held':
      if (row.wish !== undefined) return [];
      return [
        { why: 'To print it', command: `jobs release ${rowKey} ${tenant}` },
        { why: 'To end it without printing', command: `jobs abort ${rowKey} ${tenant}` },
      ];
    case 'failed': {
      const cause = row.cause === undefined ? '' : ` --cause ${row.cause}`;
      return [{ why: 'After correcting the cause', command: `poison replay${cause} ${tenant}` }, search];
    }
    case 'gone':
      return [search];
    case 'done': {
      if (row.cause === 'pausedTenant')
        return [{ why: 'For events of new jobs', command: `tenants resume ${tenantId}` }];
      const ids = sentEventsOf(key, row).map(eventId);
      if (ids.length === 0) return [];
      const what = ids.length === 1 ? 'its event' : 'its events';
      return [{ why: `To send ${what} again`, command: `events resend ${ids.join(' ')}` }];
    }
    case 'claimed':
    case 'waiting':
      return [];
  }
}

function named(id: string, name: string | undefined): string {
  return name === undefined ? id : `${name} (${id})`;
}
