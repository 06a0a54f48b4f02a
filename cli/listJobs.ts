import type { LedgerRow, LedgerStatus } from '../shared/jobs/ledgerRow';
import { parseJson } from '../shared/parse';
import { listHeldJobs } from './actOnHeldJobs';
import { usageError } from './arguments';
import type { CliContext, CliServices } from './context';
import { tenantIdsOf } from './eventArguments';
import { describeUser, userOfJob, type JobUser } from './jobUser';
import { plural, reportProgress, warn, type JsonOption } from './output';
import { fold } from './resolveNames';
import { startOf, type Since } from './since';

export interface ListJobsOptions extends JsonOption {
  tenant?: string;
  state?: LedgerStatus;
  status?: LedgerStatus;
  user?: string;
  printer?: string;
  since?: Since;
  limit: number;
}

export interface FindJobsOptions extends JsonOption {
  tenant?: string;
  limit: number;
}

/** A job event of the ledger without its job. */
interface ListedJob extends LedgerRow {
  tenantId: string;
  rowKey: string;
  /** Where jobs are read for it. Absent where the row has no job, or Graph named no user. */
  user?: JobUser;
}

/** `jobs list`: the latest job events of one customer or of all. Held jobs alone are read from their index. */
export async function listJobs(context: CliContext, options: ListJobsOptions): Promise<void> {
  const { terminal, now } = context;
  const { tenant, state, status, user, printer, since, limit, json } = options;
  if (state !== undefined && status !== undefined) throw usageError('jobs list takes either --state or --status');
  if (state === 'held' && printer === undefined && since === undefined) return listHeldJobs(context, options);
  const wanted = state ?? status;
  const start = since === undefined ? '' : startOf(since, now());
  const matches = (job: ListedJob) =>
    (wanted === undefined || job.status === wanted) &&
    (printer === undefined || job.printerId === printer) &&
    job.firstSeenAt >= start &&
    (user === undefined || [job.user?.id, job.user?.userPrincipalName].some((name) => isSame(name, user)));
  const found = await readNewest(context, { tenant, limit, withUser: user !== undefined }, matches);
  if (json) return terminal.json(found.newest);
  if (found.newest.length === 0) terminal.print('The ledger has no such job.');
  else printJobs(context, found.newest, tenant === undefined);
  reportHidden(context, found, limit);
  if (user !== undefined) reportWithoutUser(context, found);
}

/** `jobs find`: job events whose job, user, printer or key contains a text. */
export async function findJobs(context: CliContext, text: string, options: FindJobsOptions): Promise<void> {
  const { terminal } = context;
  const { tenant, limit, json } = options;
  const wanted = fold(text);
  const names = await readPrinterNames(context, await context.services(), tenant);
  const matchedOf = (job: ListedJob) => {
    const { printerId = '', jobId, rowKey, user = {} } = job;
    const fields = {
      job: [jobId],
      user: Object.values(user),
      printer: [printerId, names.get(printerId)],
      key: [rowKey],
    };
    return Object.entries(fields).find(([, texts]) =>
      texts.some((one) => fold(String(one ?? '')).includes(wanted)),
    )?.[0];
  };
  const found = await readNewest(context, { tenant, limit, withUser: true }, (job) => matchedOf(job) !== undefined);
  if (json) {
    return terminal.json(
      found.newest.map((job) => {
        const printerName = names.get(job.printerId ?? '');
        return { ...job, ...(printerName === undefined ? {} : { printerName }), matched: matchedOf(job) };
      }),
    );
  }
  if (found.newest.length === 0) terminal.print(`No job, user, printer or key in the ledger contains "${text}".`);
  else {
    const rows = found.newest.map((job) => [
      ...[job.firstSeenAt, job.status, job.outcome ?? '', matchedOf(job) ?? '', job.jobId ?? ''],
      ...[job.user ? describeUser(job.user) : '', names.get(job.printerId ?? '') ?? job.printerId ?? ''],
      ...(tenant === undefined ? [job.tenantId] : []),
      job.rowKey,
    ]);
    const headings = ['first seen', 'status', 'outcome', 'matched', 'job', 'user', 'printer'];
    terminal.table([...headings, ...(tenant === undefined ? ['tenant'] : []), 'key'], rows);
  }
  reportHidden(context, found, limit);
  reportWithoutUser(context, found);
}

interface Newest {
  newest: ListedJob[];
  count: number;
  /** Job events that name no user. */
  withoutUser: number;
  /** Job events whose user was removed as personal data. */
  blanked: number;
}

/** The newest job events that match. The ledger has no index by time, so all rows of its customers are read. */
async function readNewest(
  context: CliContext,
  { tenant, limit, withUser }: { tenant: string | undefined; limit: number; withUser: boolean },
  matches: (job: ListedJob) => boolean,
): Promise<Newest> {
  const { terminal } = context;
  const services = await context.services();
  const ledger = await services.ledger();
  const onProgress = reportProgress(terminal, 5_000, (done) => `${done} job events read`);
  const options = { onUnreadable: warn(terminal), ...(withUser ? { withJob: true as const } : {}) };
  const newest: ListedJob[] = [];
  let [read, count, withoutUser, blanked] = [0, 0, 0, 0];
  const keepNewest = () => newest.sort((a, b) => b.firstSeenAt.localeCompare(a.firstSeenAt)).splice(limit);
  for (const tenantId of await tenantIdsOf(context, services, tenant)) {
    for await (const { rowKey, row } of ledger.list(tenantId, options)) {
      if (!row) continue;
      read += 1;
      onProgress(read);
      const { job: text = '', ...shown } = row;
      const user = userOfJob(parseJson(text));
      if (!user && row.blankedAt !== undefined) blanked += 1;
      else if (!user) withoutUser += 1;
      const job = { tenantId, rowKey, ...shown, ...(user ? { user } : {}) };
      if (!matches(job)) continue;
      count += 1;
      newest.push(job);
      if (newest.length >= 2 * limit) keepNewest();
    }
  }
  keepNewest();
  return { newest, count, withoutUser, blanked };
}

function isSame(name: string | undefined, wanted: string): boolean {
  return name !== undefined && fold(name) === fold(wanted);
}

async function readPrinterNames({ terminal }: CliContext, services: CliServices, tenant: string | undefined) {
  const names = new Map<string, string>();
  for await (const { watch } of (await services.watches()).list(tenant, warn(terminal))) {
    if (watch.name !== undefined) names.set(watch.id, watch.name);
  }
  return names;
}

function printJobs({ terminal }: CliContext, jobs: readonly ListedJob[], isOfAll: boolean): void {
  const rows = jobs.map((job) => [
    ...[job.firstSeenAt, job.status, job.outcome ?? '', job.foundBy, job.jobId ?? ''],
    ...(isOfAll ? [job.tenantId] : []),
    ...[job.rowKey, job.cause ?? ''],
  ]);
  const headings = ['first seen', 'status', 'outcome', 'found by', 'job'];
  terminal.table([...headings, ...(isOfAll ? ['tenant'] : []), 'key', 'cause'], rows);
}

function reportHidden({ terminal }: CliContext, { count, newest }: Newest, limit: number): void {
  if (count <= limit) return;
  terminal.note(`${plural(count - newest.length, 'older job event')} not shown: add --limit <count>`);
}

/** Graph does not name the user of every job, and a job that the app cannot read has none here. */
function reportWithoutUser({ terminal }: CliContext, { withoutUser, blanked }: Newest): void {
  if (blanked > 0) {
    terminal.note(`${plural(blanked, 'job event')} not searched by user: the user was removed as personal data.`);
  }
  if (withoutUser === 0) return;
  const what =
    withoutUser === 1 ? '1 job event names no user, so it is' : `${withoutUser} job events name no user, so they are`;
  terminal.note(`${what} not found by one: the app could not read the job, or Graph named no user.`);
}
