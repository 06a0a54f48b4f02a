import { isRecord } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { readWholeListing, type Paging } from '../paging';
import { listPrinters } from './printers';
import { listDefinitions, type DefinitionPaging } from './taskDefinitions';

/** The delegated permissions of these calls. None of them works for an app (api/printer-post-tasktriggers.md). */
export const TRIGGER_PERMISSIONS = { read: 'Printer.Read.All', write: 'Printer.ReadWrite.All' } as const;

/** What binds a definition to a printer (resources/printtasktrigger.md). */
export interface PrintTrigger {
  id: string;
  /** Lower-cased. Absent when Graph does not show it: its documentation names `$expand` without an example. */
  definitionId?: string;
}

/**
 * GET /print/printers/{id}/taskTriggers, all pages.
 *
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export function listTriggers(paging: Paging, tenantId: string, printerId: string): Promise<PrintTrigger[]> {
  const path = `${triggersPath(printerId)}?$expand=definition`;
  const call = { tenantId, path, permission: TRIGGER_PERMISSIONS.read };
  return readWholeListing(paging, call, (item) => parseTrigger(item, path));
}

/**
 * POST /print/printers/{id}/taskTriggers. The app that the person signs in to must be the one that created the definition,
 * and a printer takes one trigger (api/printer-post-tasktriggers.md). Rejects as `listTriggers`.
 */
export async function createTrigger(
  { callGraph, graphBaseUrl }: Paging,
  { tenantId, printerId, definitionId }: { tenantId: string; printerId: string; definitionId: string },
): Promise<PrintTrigger> {
  const path = triggersPath(printerId);
  const definition = `${graphBaseUrl}/print/taskDefinitions/${encodeURIComponent(definitionId)}`;
  const body = { event: 'jobStarted', 'definition@odata.bind': definition };
  const answer = await callGraph({ tenantId, method: 'POST', path, body, permission: TRIGGER_PERMISSIONS.write });
  return { ...parseTrigger(answer.body, path), definitionId };
}

/** DELETE /print/printers/{id}/taskTriggers/{id}. False for a 404. Rejects as `callGraph` otherwise. */
export async function deleteTrigger(
  callGraph: CallGraph,
  { tenantId, printerId, triggerId }: { tenantId: string; printerId: string; triggerId: string },
): Promise<boolean> {
  const path = `${triggersPath(printerId)}/${encodeURIComponent(triggerId)}`;
  const call = callGraph({ tenantId, method: 'DELETE', path, permission: TRIGGER_PERMISSIONS.write });
  return (await unlessNotFound(call)) !== undefined;
}

/** A trigger and the printer it is on. */
export interface FoundTrigger extends PrintTrigger {
  printerId: string;
  printerName: string;
  /** True for a trigger of a definition of this app. Absent when Graph does not show its definition. */
  ours?: boolean;
}

/** Printers read at a time. Graph publishes no limit for print. */
const PRINTERS_AT_ONCE = 4;

/**
 * Every trigger on every printer of a tenant.
 *
 * @param app Graph as the app, which alone may list definitions
 * @param administrator Graph as a signed-in Printer Administrator, who alone may list printers and triggers
 * @param onProgress is called with the number of printers read so far
 * @throws GraphError as `listTriggers`
 */
export async function findTriggers(
  app: DefinitionPaging,
  administrator: Paging,
  tenantId: string,
  onProgress: (printers: number) => void,
): Promise<FoundTrigger[]> {
  const ours = new Set((await listDefinitions(app, tenantId)).map(({ id }) => id.toLowerCase()));
  const printers = await listPrinters(administrator, tenantId);
  const found: FoundTrigger[][] = [];
  for (let start = 0; start < printers.length; start += PRINTERS_AT_ONCE) {
    const group = printers.slice(start, start + PRINTERS_AT_ONCE).map(async ({ id: printerId, name: printerName }) => {
      const triggers = await listTriggers(administrator, tenantId, printerId);
      return triggers.map((trigger) => ({
        ...trigger,
        ...{ printerId, printerName },
        ...(trigger.definitionId === undefined ? {} : { ours: ours.has(trigger.definitionId) }),
      }));
    });
    found.push(...(await Promise.all(group)));
    onProgress(found.length);
  }
  return found.flat();
}

function triggersPath(printerId: string): string {
  return `/print/printers/${encodeURIComponent(printerId)}/taskTriggers`;
}

function parseTrigger(value: unknown, path: string): PrintTrigger {
  const { id, definition } = isRecord(value) ? value : {};
  if (typeof id !== 'string' || id === '') throw unreadableAnswer('a printTaskTrigger without an id', path);
  const definitionId = isRecord(definition) ? definition['id'] : undefined;
  return { id, ...(typeof definitionId === 'string' ? { definitionId: definitionId.toLowerCase() } : {}) };
}
