import { errorFields, ReceiverError } from '../../errors';
import type { CallGraph, GraphCall } from '../client';
import { isExplained } from '../refusals';

/** The result of trying one application permission of Microsoft Graph. */
export interface PermissionCheck {
  permission: string;
  /** `unknown`: Graph did not answer, or refused the call for another reason. */
  state: 'granted' | 'missing' | 'unknown';
  /** Why it is unknown. */
  detail?: string;
  /** Of `unknown`: another try may succeed, because Graph did not answer or throttles the tenant. */
  retryable?: true;
}

/** No tenant has a printer or document with this id, so a try changes nothing. */
const NOWHERE = '00000000-0000-0000-0000-000000000000';
const PRINTER = `/print/printers/${NOWHERE}`;
const JOB = `${PRINTER}/jobs/0`;
const REDIRECT = { destinationPrinterId: NOWHERE, configuration: {} };
const READ_PRINTERS = 'Printer.Read.All';

/**
 * One call for each permission, on ids that do not exist. Graph checks the permission first, so a 404 (or any answer
 * except 401 and 403) shows that it is granted. All calls on jobs need Printer.Read.All too (api/printjob-get.md).
 */
const TRIES: readonly Omit<GraphCall, 'tenantId'>[] = [
  { permission: 'PrintTaskDefinition.ReadWrite.All', method: 'GET', path: '/print/taskDefinitions' },
  { permission: READ_PRINTERS, method: 'GET', path: PRINTER },
  { permission: 'PrintJob.ReadBasic.All', method: 'GET', path: JOB },
  { permission: 'PullPrintPrinter.Read.All', method: 'GET', path: `/print/pullPrintPrinters/${NOWHERE}` },
  { permission: 'PrintJob.Read.All', method: 'GET', path: `${JOB}/documents/${NOWHERE}/$value` },
  { permission: 'PrintJob.ReadWriteBasic.All', method: 'PATCH', path: JOB, body: { configuration: {} } },
  { permission: 'PrintJob.Manage.All', method: 'POST', path: `${JOB}/redirect`, body: REDIRECT },
];

/**
 * Tries application permissions, one call after the other. Never rejects. The `roles` in the app's token say the same, but the
 * token is for Graph alone to read (identity-platform/access-tokens), and the tries see higher permissions as well.
 *
 * @param wanted without it, every permission that a scenario may need
 */
export async function tryPermissions(
  callGraph: CallGraph,
  tenantId: string,
  wanted?: readonly string[],
): Promise<PermissionCheck[]> {
  const checks: PermissionCheck[] = [];
  const untilRefused = stopAtReason(callGraph);
  for (const call of TRIES) {
    if (wanted && !wanted.includes(call.permission)) continue;
    const check = await tryOne(untilRefused, { ...call, tenantId });
    const readPrinters = checks.find(({ permission }) => permission === READ_PRINTERS);
    const isHidden = call.path.startsWith(JOB) && check.state === 'missing' && readPrinters?.state !== 'granted';
    const detail = `can be tried once ${READ_PRINTERS} is granted`;
    checks.push(isHidden ? { ...check, state: 'unknown', detail } : check);
  }
  return checks;
}

/** The same calls until one is refused for a reason that concerns them all, such as a policy: then each is refused so. */
function stopAtReason(callGraph: CallGraph): CallGraph {
  let refusal: ReceiverError | undefined;
  return async (call) => {
    if (refusal) throw refusal;
    try {
      return await callGraph(call);
    } catch (error) {
      if (error instanceof ReceiverError && isExplained(error)) refusal = error;
      throw error;
    }
  };
}

async function tryOne(callGraph: CallGraph, call: GraphCall): Promise<PermissionCheck> {
  const { permission } = call;
  try {
    await callGraph(call);
    return { permission, state: 'granted' };
  } catch (error) {
    if (!(error instanceof ReceiverError)) {
      return { permission, state: 'unknown', detail: `unexpected ${String(errorFields(error)['error'])}` };
    }
    if (isExplained(error)) return { permission, state: 'unknown', detail: error.message };
    switch (error.code) {
      case 'graphUnauthorized':
      case 'graphForbidden':
        return { permission, state: 'missing' };
      case 'graphNotFound':
      case 'graphRejected':
      case 'graphConflict':
        return { permission, state: 'granted' };
      default:
        return {
          ...{ permission, state: 'unknown', detail: error.message },
          ...(error.retryable ? { retryable: true } : {}),
        };
    }
  }
}
