import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { refusal } from '../http/readRequest';
import { access } from '../signIn/permissions';
import type { Printer, Tenant, Trigger } from '../world/simulation';
import { notFound, pageOfList, printerOf, route, tenantOf, type GraphCall, type Route } from './graphCall';
import { viewDefinition } from './taskDefinitions';

const newTriggerSchema = z.object({ event: z.literal('jobStarted'), 'definition@odata.bind': z.string() });
const LIST = '/print/printers';
const TRIGGERS = '/print/printers/{printerId}/taskTriggers';

/** Printers and their triggers. Listing printers and all trigger calls need a signed-in Printer Administrator. */
export const printerRoutes: readonly Route[] = [
  route(`GET ${LIST}`, 'print-list-printers.md', access.listPrinters, (call) =>
    pageOfList(call, [...tenantOf(call).printers.values()], viewPrinter),
  ),
  route(`GET ${LIST}/{printerId}`, 'printer-get.md', access.readPrinter, (call) => ({
    status: 200,
    body: viewPrinter(printerOf(call)),
  })),
  route(`GET ${TRIGGERS}`, 'printer-list-tasktriggers.md', access.listPrinters, (call) => {
    const { trigger } = printerOf(call);
    return pageOfList(call, trigger ? [trigger] : [], (one) => viewTrigger(tenantOf(call), one));
  }),
  route(`POST ${TRIGGERS}`, 'printer-post-tasktriggers.md', access.writeTriggers, (call) => {
    const printer = printerOf(call);
    printer.trigger = newTrigger(printer, call);
    return { status: 201, body: viewTrigger(tenantOf(call), printer.trigger) };
  }),
  route(`GET ${TRIGGERS}/{triggerId}`, 'printtasktrigger-get.md', access.listPrinters, (call) => ({
    status: 200,
    body: viewTrigger(tenantOf(call), triggerOf(call)),
  })),
  route(`DELETE ${TRIGGERS}/{triggerId}`, 'printer-delete-tasktrigger.md', access.writeTriggers, (call) => {
    triggerOf(call);
    delete printerOf(call).trigger;
    return { status: 204 };
  }),
];

function triggerOf(call: GraphCall): Trigger {
  const { trigger } = printerOf(call);
  if (trigger?.id !== call.params['triggerId'] || !trigger) throw notFound('The trigger');
  return trigger;
}

function newTrigger(printer: Printer, call: GraphCall): Trigger {
  const { 'definition@odata.bind': bind } = newTriggerSchema.parse(call.body);
  const id = /\/print\/taskDefinitions\/([^/]+)$/i.exec(bind)?.[1]?.toLowerCase() ?? '';
  const definition = tenantOf(call).definitions.get(id);
  if (!definition) throw notFound('The task definition');
  if (definition.appId !== call.principal.appId)
    throw refusal(403, 'accessDenied', 'The calling app is not the one that created the task definition.');
  if (printer.trigger) throw refusal(409, 'conflict', 'The printer has a trigger already; one is the limit.');
  return { id: randomUUID(), definitionId: definition.id };
}

function viewPrinter({ id, displayName }: Printer) {
  return { id, displayName, isShared: true, isAcceptingJobs: true };
}

function viewTrigger(tenant: Tenant, { id, definitionId }: Trigger) {
  const definition = tenant.definitions.get(definitionId);
  return { id, event: 'jobStarted', ...(definition ? { definition: viewDefinition(definition) } : {}) };
}
