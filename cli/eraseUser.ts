import type { Command } from 'commander';
import type { Ledger, ListedLedgerRow } from '../shared/jobs/ledger';
import { userTag } from '../shared/jobs/ledgerIndex';
import { archivedOf } from '../shared/jobs/jobEventOfRow';
import type { LedgerRow } from '../shared/jobs/ledgerRow';
import { parseLedgerKey } from '../shared/jobs/message';
import { blankRow } from '../shared/jobs/personalData';
import { isRecord, parseJson, parseText } from '../shared/parse';
import type { DocumentContainer } from '../shared/storage/documents';
import { confirm, nameArgument, notListed, TENANT_FLAG, TENANT_HELP } from './arguments';
import type { CliContext } from './context';
import { userOfJob } from './jobUser';
import { example, JSON_HELP, plural, reportProgress, warn, type JsonOption } from './output';
import { fold } from './resolveNames';

interface EraseOptions extends JsonOption {
  tenant: string;
  user: string;
  yes?: true;
}

/** What was erased, and what was not. */
interface Erased {
  /** Job events of the person. */
  found: number;
  /** Rows that lost what they say of the person, tags of held jobs included. */
  rows: number;
  documents: number;
  /** Rows that a run works on now, or whose event waits to be sent: the command has to be repeated. */
  busy: string[];
  /** Rows that name no person, because their personal data was removed earlier. Their documents end by `documentDays`. */
  blankedBefore: number;
}

/** `tenants erase-user`: deletes what is stored of one person. */
export function eraseUserCommand(group: Command, context: CliContext): void {
  group
    .command('erase-user')
    .description('Delete what is stored of one person: documents, and the user and job in ledger rows')
    .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
    .requiredOption('--user <name>', 'the id or principal name of the user, as Graph names it', nameArgument)
    .option('--yes', 'skip the confirmation')
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      '\nA held job of this person stays held, and ends as it would have. It is not found by its user any more.\n' +
        'Events that your systems have received, queues and logs: see docs/data-protection.md.\n' +
        example('tenants erase-user --tenant Contoso --user ada@contoso.com'),
    )
    .action((options: EraseOptions) => eraseUser(context, options));
}

async function eraseUser(context: CliContext, options: EraseOptions): Promise<void> {
  const { terminal } = context;
  const { tenant: tenantId, user } = options;
  const services = await context.services();
  const tenant = await (await services.tenants()).get(tenantId);
  if (!tenant) throw notListed(tenantId);
  const question = `Delete what is stored of ${user} in tenant ${tenantId} (${tenant.name}), documents included?`;
  if (!options.yes && !(await confirm(terminal, 'tenants erase-user', question))) {
    return terminal.note('Nothing was erased.');
  }
  const erased: Erased = { found: 0, rows: 0, documents: 0, busy: [], blankedBefore: 0 };
  const stores = { ledger: await services.ledger(), documents: await services.documents() };
  const report = reportProgress(terminal, 5_000, (done) => `${done} job events read`);
  let read = 0;
  let unreadable = 0;
  const onUnreadable = (error: Error) => {
    unreadable += 1;
    warn(terminal)(error);
  };
  for await (const listed of stores.ledger.list(tenantId, { withJob: true, onUnreadable })) {
    report((read += 1));
    if (listed.row && isOf({ tenantId, user }, listed.row))
      await eraseRow(context, stores, { tenantId, ...listed }, erased);
    else if (listed.row?.blankedAt !== undefined) erased.blankedBefore += 1;
  }
  if (erased.busy.length > 0 || unreadable > 0) context.markFailed();
  if (options.json) return terminal.json({ tenantId, user, ...erased, unreadable });
  terminal.print(
    `Found ${plural(erased.found, 'job event')} of ${user}. Erased ${plural(erased.rows, 'row')} and ${plural(erased.documents, 'document')}.`,
  );
  if (erased.blankedBefore > 0) {
    const rows = plural(erased.blankedBefore, 'row');
    terminal.note(
      `${rows} had no personal data any more. Documents of such rows are removed after ${plural(tenant.documentDays, 'day')}.`,
    );
  }
  if (erased.busy.length > 0) {
    terminal.warn(
      `Not erased, because the app works on them: ${erased.busy.join(', ')}. Repeat the command in a minute.`,
    );
  }
}

type ListedRow = NonNullable<ListedLedgerRow['row']>;

/** By the user in the job, or by the tags that a held job keeps. */
function isOf({ tenantId, user }: { tenantId: string; user: string }, row: ListedRow): boolean {
  const { id, userPrincipalName } = userOfJob(parseJson(row.job ?? '')) ?? {};
  const isNamed = [id, userPrincipalName].some((name) => name !== undefined && fold(name) === fold(user));
  return isNamed || (row.userTags ?? '').split(',').includes(userTag(tenantId, user));
}

/** Documents first: the row names them. */
async function eraseRow(
  { now }: CliContext,
  { ledger, documents }: { ledger: Ledger; documents: DocumentContainer },
  { tenantId, rowKey }: { tenantId: string; rowKey: string },
  erased: Erased,
): Promise<void> {
  erased.found += 1;
  const key = { tenantId, rowKey };
  const stored = await ledger.get(key);
  const reference = stored && parseLedgerKey(key, stored.value);
  if (!reference) return;
  const { value: row } = stored;
  if (isInWork(row)) return void erased.busy.push(rowKey);
  for (const document of archivedOf(row) ?? []) {
    const blob = isRecord(document) ? parseText(document['blob']) : '';
    if (blob !== '' && (await documents.remove(blob))) erased.documents += 1;
  }
  const { archived: _archived, ...kept } = blankRow(row, new Date(now()).toISOString());
  if ((await ledger.replace(reference, kept, stored)) === undefined) erased.busy.push(rowKey);
  else erased.rows += 1;
}

/**
 * The run that works on the row would write it again, an event that waits is formed from it, a job that waits can still be
 * archived, and a wish that is not carried out yet must not be lost.
 */
function isInWork({ status, event, wish }: LedgerRow): boolean {
  return (
    status === 'claimed' || status === 'waiting' || event === 'pending' || (status === 'held' && wish !== undefined)
  );
}
