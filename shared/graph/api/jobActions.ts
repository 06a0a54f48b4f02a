import { isRecord, parseJobId } from '../../parse';
import type { CallGraph } from '../client';
import { jobAt } from './printJobs';

/** Names one job of a tenant. */
export interface JobKey {
  tenantId: string;
  printerId: string;
  jobId: string;
}

/** Fields of printJobConfiguration (resources/printjobconfiguration.md). Those that are absent stay as they are. */
export type ConfigurationFields = Readonly<Record<string, unknown>>;

const CHANGE = 'PrintJob.ReadWriteBasic.All';
const REDIRECT = 'PrintJob.Manage.All';

/**
 * Changes the configuration of a job, which is all of it that can change (api/printjob-update.md). Graph refuses a job without
 * a print task in processing that a trigger of this app started.
 *
 * @throws GraphError as `callGraph`
 */
export async function updateJob(callGraph: CallGraph, job: JobKey, configuration: ConfigurationFields): Promise<void> {
  await callGraph({
    tenantId: job.tenantId,
    method: 'PATCH',
    ...jobAt(job, CHANGE),
    body: { configuration },
  });
}

/**
 * Ends a job without printing it (api/printjob-abort.md). Its print task stays as it is. Aborting a job twice is harmless, so
 * the call may be repeated.
 *
 * @param reason for the user of the job
 * @throws GraphError as `callGraph`
 */
export async function abortJob(callGraph: CallGraph, job: JobKey, reason: string | undefined): Promise<void> {
  const { tenantId } = job;
  const { path, permission } = jobAt(job, CHANGE);
  const body = reason === undefined ? {} : { reason };
  await callGraph({ tenantId, method: 'POST', path: `${path}/abort`, permission, body, repeatable: true });
}

/**
 * Sends a job to another printer of the same tenant, where it continues as a job of its own. Graph completes the print task
 * itself (api/printjob-redirect.md). A call whose answer was lost is not repeated, because it may have made that job.
 *
 * @returns the id of the new job, where the answer shows one
 * @throws GraphError as `callGraph`
 */
export async function redirectJob(
  callGraph: CallGraph,
  job: JobKey,
  { destinationPrinterId, configuration }: { destinationPrinterId: string; configuration?: ConfigurationFields },
): Promise<string | undefined> {
  const { tenantId } = job;
  const { path, permission } = jobAt(job, REDIRECT);
  const body = { destinationPrinterId, ...(configuration === undefined ? {} : { configuration }) };
  const answer = await callGraph({ tenantId, method: 'POST', path: `${path}/redirect`, permission, body });
  return isRecord(answer.body) ? parseJobId(answer.body['id']) : undefined;
}
