import type { QueuedEvent } from '../../../local/console/timeline/jobFacts';
import type { AppLogLine } from '../../../local/appLog';
import type { CallRecord } from '../../../local/graphSimulator/control/controlTypes';
import type { Activity } from '../../../local/graphSimulator/control/waitForActivity';
import type { DeliveryAttempt } from '../../../local/graphSimulator/delivery/options';

export const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
export const PRINTER = 'bbbbbbbb-0000-4000-8000-000000000001';
export const DEFINITION = 'dddddddd-0000-4000-8000-000000000001';
export const TASK = 'eeeeeeee-0000-4000-8000-000000000001';
const JOB = '5182';

type Job = Activity['jobs'][number];

/** Reports about one job of Contoso, as the simulator, the app and the queue of events give them. */
export function createReports() {
  let message = 0;
  let n = 0;
  const task = (jobId: string): Job['tasks'][number] => ({
    ...{ id: TASK, tenantId: TENANT, definitionId: DEFINITION, printerId: PRINTER, jobId, parentUrl: '', createdAt: 0 },
    ...{ state: 'processing', description: '' },
  });
  return {
    activity: (some: Partial<Activity>): Activity => ({ jobs: [], deliveries: [], calls: [], ...some }),
    job: ({
      jobId = JOB,
      n: number = 1,
      tasks = false,
    }: { jobId?: string; n?: number; tasks?: boolean } = {}): Job => ({
      ...{
        id: jobId,
        jobId,
        n: number,
        tenantId: TENANT,
        tenantName: 'Contoso',
        printerId: PRINTER,
        printerName: 'Reception',
      },
      parent: { collection: 'printers', id: PRINTER },
      createdBy: { id: null, displayName: 'Ada', userPrincipalName: 'ada@contoso.example' },
      ...{ createdAt: 0, visibleAt: 0, transformMs: 0, fetchableAfterMs: 0, state: 'paused', details: [] },
      ...{ isFetchable: false, isAcquiredByPrinter: false, configuration: {} },
      documents: [
        { id: 'd', displayName: 'plan.pdf', contentType: 'application/pdf', size: 1, seed: 's', uploadedAt: 0 },
      ],
      ...{ tasks: tasks ? [task(jobId)] : [], notifies: tasks ? 'jobStarted' : 'jobFetchable' },
    }),
    delivery: (attempt: Partial<DeliveryAttempt>): DeliveryAttempt => ({
      ...{ n: (n += 1), post: 1, attempt: 1, url: '', at: 0, status: 202, answerMs: 1, outcome: 'accepted' },
      items: [{ subscriptionId: 's', tenantId: TENANT, appId: 'a', printerId: PRINTER, jobId: JOB, taskId: TASK }],
      ...attempt,
    }),
    /** A call for the job, with a query, or for its task. */
    call: (at: number, method: string, what: string, answer: Partial<CallRecord> = {}): CallRecord => ({
      ...{
        n: (n += 1),
        target: 'graph',
        at,
        startedAt: at,
        sentBy: at,
        method,
        route: '',
        tenantId: TENANT,
        status: 200,
      },
      path:
        what === 'task'
          ? `/v1.0/print/taskDefinitions/${DEFINITION}/tasks/${TASK}`
          : `/v1.0/print/printers/${PRINTER}/jobs/${JOB}${what}`,
      ...answer,
    }),
    log: (at: number, event: string, fields: Record<string, unknown>): AppLogLine => ({
      ...{ at, level: 'information', event },
      fields: { tenantId: TENANT, ...fields },
    }),
    event: (sentAt: number, id: string, data: Record<string, unknown> = {}): QueuedEvent => ({
      ...{ messageId: String((message += 1)), sentAt, id, type: 'print.job.started' },
      body: { id, data: { tenantId: TENANT, printerId: PRINTER, jobId: JOB, ...data } },
    }),
  };
}
