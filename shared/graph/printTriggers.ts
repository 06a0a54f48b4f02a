import { isRecord } from '../parse';
import type { CallGraph } from './graphClient';
import { GraphError } from './graphError';
import { readAllPages, type Paging } from './readAllPages';

/** The delegated permissions of these calls; none of them works for an app (api/printer-post-tasktriggers.md). */
export const TRIGGER_PERMISSIONS = { read: 'Printer.Read.All', write: 'Printer.ReadWrite.All' } as const;

/** A printer of a tenant, as its Printer Administrator sees it (resources/printer.md). */
export interface Printer {
  id: string;
  displayName: string;
}

/** What binds a definition to a printer (resources/printtasktrigger.md). */
export interface PrintTrigger {
  id: string;
  /** Lower-cased; undefined when Graph does not show it: its documentation names `$expand` without an example. */
  definitionId?: string;
}

/**
 * GET /print/printers, all pages.
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export async function listPrinters(paging: Paging, tenantId: string): Promise<Printer[]> {
  const found: Printer[] = [];
  const call = { tenantId, path: '/print/printers', permission: TRIGGER_PERMISSIONS.read };
  for await (const item of readAllPages(paging, call)) {
    const displayName = isRecord(item) ? item['displayName'] : undefined;
    found.push({
      id: idOf(item, 'a printer').toLowerCase(),
      displayName: typeof displayName === 'string' ? displayName : '',
    });
  }
  return found;
}

/** GET /print/printers/{id}/taskTriggers, all pages. Rejects as `listPrinters`. */
export async function listTriggers(
  paging: Paging,
  tenantId: string,
  printerId: string,
): Promise<PrintTrigger[]> {
  const found: PrintTrigger[] = [];
  const path = `${pathOf(printerId)}?$expand=definition`;
  const call = { tenantId, path, permission: TRIGGER_PERMISSIONS.read };
  for await (const item of readAllPages(paging, call)) found.push(parseTrigger(item));
  return found;
}

/**
 * POST /print/printers/{id}/taskTriggers. The app that is signed in to must be the one that made the definition, and a
 * printer takes one trigger (api/printer-post-tasktriggers.md). Rejects as `listPrinters`.
 */
export async function createTrigger(
  { callGraph, graphBaseUrl }: Paging,
  trigger: { tenantId: string; printerId: string; definitionId: string },
): Promise<PrintTrigger> {
  const { tenantId, printerId, definitionId } = trigger;
  const { body } = await callGraph({
    tenantId,
    method: 'POST',
    path: pathOf(printerId),
    body: {
      event: 'jobStarted',
      'definition@odata.bind': `${graphBaseUrl}/print/taskDefinitions/${encodeURIComponent(definitionId)}`,
    },
    permission: TRIGGER_PERMISSIONS.write,
  });
  return { ...parseTrigger(body), definitionId };
}

/** DELETE /print/printers/{id}/taskTriggers/{id}. False when there was none. Rejects as `callGraph` otherwise. */
export async function deleteTrigger(
  callGraph: CallGraph,
  trigger: { tenantId: string; printerId: string; triggerId: string },
): Promise<boolean> {
  const { tenantId, printerId, triggerId } = trigger;
  const path = `${pathOf(printerId)}/${encodeURIComponent(triggerId)}`;
  try {
    await callGraph({ tenantId, method: 'DELETE', path, permission: TRIGGER_PERMISSIONS.write });
    return true;
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return false;
    throw error;
  }
}

function pathOf(printerId: string): string {
  return `/print/printers/${encodeURIComponent(printerId)}/taskTriggers`;
}

function parseTrigger(value: unknown): PrintTrigger {
  const definition = isRecord(value) ? value['definition'] : undefined;
  const definitionId = isRecord(definition) ? definition['id'] : undefined;
  return {
    id: idOf(value, 'a trigger'),
    ...(typeof definitionId === 'string' ? { definitionId: definitionId.toLowerCase() } : {}),
  };
}

function idOf(value: unknown, what: string): string {
  const id = isRecord(value) ? value['id'] : undefined;
  if (typeof id === 'string' && id !== '') return id;
  throw new GraphError('graphAnswerUnreadable', `Graph answered with ${what} that has no id`);
}
