import { readAllPages, type Paging } from '../graph/readAllPages';
import { isRecord, parseJobId } from '../parse';

/** A print job as a listing shows it (resources/printjob.md). */
export interface ListedJob {
  jobId: string;
  /** Milliseconds since 1970, NaN when Graph did not say. */
  createdAt: number;
  /** Fetchable, acquired or completed: what a JobFetchable notification would have told of. */
  isReady: boolean;
  /** It came from another printer, so no trigger may have fired for it here. */
  isRedirected: boolean;
}

/**
 * GET /print/printers/{id}/jobs, all pages. A filter by isFetchable or by time is not documented
 * (api/printer-list-jobs.md). An item without a usable id is passed over.
 *
 * @throws GraphError as `readAllPages`
 */
export async function* listJobs(
  paging: Paging,
  { tenantId, printerId }: { tenantId: string; printerId: string },
): AsyncGenerator<ListedJob> {
  const path = `/print/printers/${encodeURIComponent(printerId)}/jobs`;
  const permission = 'PrintJob.ReadBasic.All (with Printer.Read.All)';
  for await (const item of readAllPages(paging, { tenantId, path, permission })) {
    const { id, createdDateTime, status, isFetchable, redirectedFrom } = isRecord(item) ? item : {};
    const jobId = parseJobId(id);
    if (jobId === undefined) continue;
    const { state, isAcquiredByPrinter } = isRecord(status) ? status : {};
    yield {
      jobId,
      createdAt: typeof createdDateTime === 'string' ? Date.parse(createdDateTime) : NaN,
      isReady: isFetchable === true || state === 'completed' || isAcquired(state, isAcquiredByPrinter),
      isRedirected: typeof redirectedFrom === 'string' && redirectedFrom !== '',
    };
  }
}

/** A job that was canceled or aborted after the printer took it is over: nobody would have told of it. */
function isAcquired(state: unknown, isAcquiredByPrinter: unknown): boolean {
  return isAcquiredByPrinter === true && state !== 'canceled' && state !== 'aborted';
}
