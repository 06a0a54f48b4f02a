import type { Simulation } from './simulation';
import { parentUrl } from './notifications';
import type { Definition, Job, PrintDocument, Task } from './world';

const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());

/** A printDocument as Graph writes it (resources/printdocument.md). */
export function viewDocument(document: PrintDocument): Record<string, unknown> {
  return {
    id: document.id,
    displayName: document.displayName,
    contentType: document.contentType,
    size: document.size,
    uploadedDateTime: iso(document.uploadedAt),
    downloadedDateTime: iso(document.downloadedAt),
  };
}

/** A printTask as Graph writes it (resources/printtask.md). */
export function viewTask(task: Task): Record<string, unknown> {
  return {
    id: task.id,
    parentUrl: parentUrl(task),
    status: { state: task.state, description: task.description },
  };
}

/** A printTaskDefinition as Graph writes it (resources/printtaskdefinition.md). */
export function viewDefinition(definition: Definition): Record<string, unknown> {
  return {
    id: definition.id,
    displayName: definition.displayName,
    createdBy: { appId: definition.appId, displayName: definition.createdByDisplayName },
  };
}

/**
 * A printJob as Graph writes it (resources/printjob.md). `documents` and `tasks` are there only when expanded.
 * Until fetchableAfterMs has passed since the job became fetchable, reads still show it being transformed.
 */
export function viewJob(
  simulation: Simulation,
  job: Job,
  expand: ReadonlySet<string>,
): Record<string, unknown> {
  const lags = job.isFetchable && simulation.now() < (job.fetchableAt ?? 0) + job.fetchableAfterMs;
  return {
    id: job.id,
    createdDateTime: iso(job.createdAt),
    createdBy: {
      id: job.tenantId,
      displayName: 'User of the tenant',
      ipAddress: null,
      userPrincipalName: null,
    },
    isFetchable: job.isFetchable && !lags,
    redirectedFrom: job.redirectedFrom ?? null,
    redirectedTo: job.redirectedTo ?? null,
    errorCode: null,
    acknowledgedDateTime: iso(job.acknowledgedAt),
    status: {
      state: job.state,
      description: describe(job.state),
      details: lags ? ['transforming'] : job.details,
      isAcquiredByPrinter: job.isAcquiredByPrinter,
    },
    configuration: job.configuration,
    ...(expand.has('documents') ? { documents: job.documents.map(viewDocument) } : {}),
    ...(expand.has('tasks') ? { tasks: job.tasks.map(viewTask) } : {}),
  };
}

function describe(state: Job['state']): string {
  return `The print job is ${state}.`;
}
