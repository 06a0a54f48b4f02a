import { isEnded, type Job, type JobUser, type Printer, type Simulation, type Tenant } from './simulation';

// universal-print/fundamentals/universal-print-limits: the jobs to one printer at once, and in 10 minutes.
const AT_ONCE = { ofPrinter: 50, ofUser: 4 };
const IN_TEN_MINUTES = { ofPrinter: 100, ofUser: 200 };
const TEN_MINUTES_MS = 10 * 60_000;

/**
 * Whether the next job of a user to a printer is one too many (universal-print/fundamentals/universal-print-limits). Such a
 * job does not exist: it starts no task and sends no notification. Never true unless the variant `jobLimits` is set.
 */
export function exceedsJobLimits(simulation: Simulation, tenant: Tenant, printer: Printer, user: JobUser): boolean {
  const { jobLimits, pausedJobsCount } = simulation.variants;
  if (jobLimits === 'none') return false;
  const isOfUser = ({ createdBy }: Job) => userKey(createdBy) === userKey(user);
  const isRecent = ({ createdAt }: Job) => createdAt > simulation.now() - TEN_MINUTES_MS;
  const jobs = [...printer.jobs.values()];
  const atOnce = jobs.filter((job) => !isEnded(job) && (pausedJobsCount || job.state !== 'paused'));
  const ofUser = [...tenant.printers.values(), ...tenant.pullPrintPrinters.values()].flatMap((one) =>
    [...one.jobs.values()].filter(isOfUser),
  );
  return (
    atOnce.length >= AT_ONCE.ofPrinter ||
    atOnce.filter(isOfUser).length >= AT_ONCE.ofUser ||
    jobs.filter(isRecent).length >= IN_TEN_MINUTES.ofPrinter ||
    ofUser.filter(isRecent).length >= IN_TEN_MINUTES.ofUser
  );
}

function userKey({ id, userPrincipalName }: JobUser): string | null {
  return id ?? userPrincipalName;
}
