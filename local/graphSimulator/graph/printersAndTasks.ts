import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { notFound, Refusal, requireFound } from '../http/readRequest';
import type { Reply } from '../http/server';
import { access } from '../signIn/permissions';
import { endTask } from '../world/jobs';
import { requireSettled } from '../world/settling';
import { isOpen, type Definition, type Printer, type Simulation, type Task, type Tenant } from '../world/simulation';
import { ok, pageOfList, printerOf, refuseOptions, route, tenantOf, type GraphCall, type Route } from './graphCall';

const newTriggerSchema = z.object({ event: z.literal('jobStarted'), 'definition@odata.bind': z.string() });
const PRINTERS = '/print/printers';
const TRIGGERS = '/print/printers/{printerId}/taskTriggers';
const DEFINITIONS = '/print/taskDefinitions';
const DEFINITION = `${DEFINITIONS}/{definitionId}`;
// api/print-list-taskdefinitions.md: neither list takes these.
const refusedOptions = ['$count', '$format', '$search', '$select', '$skip', '$top'];
const createdBy = z.object({ displayName: z.string() }).optional();
const newDefinition = z.object({ displayName: z.string().min(1), createdBy });
const definitionChange = z.object({ displayName: z.string().optional(), createdBy });
// api/printoperation-get.md: the location of a printer for which none is set.
const noPlace = { latitude: null, longitude: null };
const taskStates = ['pending', 'processing', 'completed', 'aborted'] as const;
const taskStatus = z.object({ state: z.enum(taskStates), description: z.string().optional() });
const taskChange = z.object({ status: taskStatus });

/**
 * Printers with their triggers, and task definitions with their tasks. Listing printers and all trigger calls need a
 * signed-in Printer Administrator. An app sees and changes the definitions that it created itself (variant `definitionScope`).
 */
export const printerAndTaskRoutes: readonly Route[] = [
  route(`GET ${PRINTERS}`, 'print-list-printers.md', access.listPrinters, (call) => {
    refuseOptions(call, ['$count', '$search']);
    return pageOfList(call, [...tenantOf(call).printers.values()], viewWithShares(call));
  }),
  route(`GET ${PRINTERS}/{printerId}`, 'printer-get.md', access.readPrinter, (call) =>
    ok(viewPrinter(printerOf(call))),
  ),
  route(`GET ${TRIGGERS}`, 'printer-list-tasktriggers.md', access.listPrinters, (call) => {
    const { trigger } = settledPrinterOf(call);
    return pageOfList(call, trigger ? [trigger] : [], (one) => viewTrigger(tenantOf(call), one));
  }),
  route(`POST ${TRIGGERS}`, 'printer-post-tasktriggers.md', access.writeTriggers, (call) => {
    const printer = settledPrinterOf(call);
    const { 'definition@odata.bind': bind } = newTriggerSchema.parse(call.body);
    const id = /\/print\/taskDefinitions\/([^/]+)$/i.exec(bind)?.[1]?.toLowerCase() ?? '';
    const definition = requireFound(tenantOf(call).definitions.get(id), 'The task definition');
    if (definition.appId !== call.principal.appId)
      throw new Refusal(403, 'accessDenied', 'The calling app is not the one that created the task definition.');
    requireSettled(call.simulation, definition.madeAt, 'The task definition');
    if (printer.trigger) throw new Refusal(409, 'conflict', 'The printer has a trigger already; one is the limit.');
    printer.trigger = { id: randomUUID(), definitionId: id, madeAt: call.simulation.now() };
    return ok(viewTrigger(tenantOf(call), printer.trigger), 201);
  }),
  route(`DELETE ${TRIGGERS}/{triggerId}`, 'printer-delete-tasktrigger.md', access.writeTriggers, (call) => {
    const printer = printerOf(call);
    const { trigger } = printer;
    if (trigger?.id !== call.params['triggerId']) throw notFound('The trigger');
    requireSettled(call.simulation, trigger?.madeAt, 'The trigger');
    delete printer.trigger;
    return { status: 204 };
  }),

  route(`POST ${DEFINITIONS}`, 'print-post-taskdefinitions.md', access.definitions, (call) => {
    const { displayName, createdBy } = newDefinition.parse(call.body);
    const createdByDisplayName = createdBy?.displayName ?? '';
    const { appId } = call.principal;
    const names = { displayName, appId, createdByDisplayName };
    const definition = { id: randomUUID(), ...names, madeAt: call.simulation.now(), tasks: new Map<string, Task>() };
    tenantOf(call).definitions.set(definition.id, definition);
    return ok(viewDefinition(definition), 201);
  }),
  route(`GET ${DEFINITIONS}`, 'print-list-taskdefinitions.md', access.definitions, (call) => {
    refuseOptions(call, refusedOptions);
    const visible = [...tenantOf(call).definitions.values()].filter((one) => isVisible(call, one));
    return pageOfList(call, visible, viewDefinition);
  }),
  route(`GET ${DEFINITION}`, 'printtaskdefinition-get.md', access.definitions, (call) =>
    ok(viewDefinition(definitionOf(call))),
  ),
  route(`PATCH ${DEFINITION}`, 'print-update-taskdefinition.md', access.definitions, (call) => {
    const definition = definitionOf(call);
    const { displayName, createdBy } = definitionChange.parse(call.body);
    definition.displayName = displayName ?? definition.displayName;
    definition.createdByDisplayName = createdBy?.displayName ?? definition.createdByDisplayName;
    return ok(viewDefinition(definition));
  }),
  route(`DELETE ${DEFINITION}`, 'print-delete-taskdefinition.md', access.definitions, (call) => {
    tenantOf(call).definitions.delete(definitionOf(call).id);
    return { status: 204 };
  }),
  route(`GET ${DEFINITION}/tasks`, 'printtaskdefinition-list-tasks.md', access.definitions, (call) => {
    const { now, variants } = call.simulation;
    const oldest = now() - variants.endedTaskListedMinutes * 60_000;
    const tasks = [...definitionOf(call).tasks.values()];
    refuseOptions(call, refusedOptions);
    const endOf = ({ endedAt = 0, endShownAt = endedAt }: Task) => endShownAt;
    const listed = tasks.filter((task) => isOpen(task) || endOf(task) >= oldest);
    return pageOfList(call, listed, (task) => viewTask(call.simulation, task));
  }),
  route(`GET ${DEFINITION}/tasks/{taskId}`, 'printtask-get.md', access.definitions, (call) =>
    ok(viewTask(call.simulation, taskOf(call))),
  ),
  route(`PATCH ${DEFINITION}/tasks/{taskId}`, 'printtaskdefinition-update-task.md', access.definitions, updateTask),
];

/** A printer as Graph writes it (resources/printer.md). */
export function viewPrinter(printer: Printer) {
  const { id, displayName, manufacturer, model, hasPhysicalDevice, isShared, isAcceptingJobs } = printer;
  return {
    ...{ id, displayName, manufacturer, model, hasPhysicalDevice, isShared, isAcceptingJobs },
    registeredDateTime: new Date(printer.registeredAt).toISOString(),
    status: { state: 'unknown', details: [], description: '' },
    location: { ...noPlace, ...printer.location },
  };
}

/** A printer of a listing, with its shares where the query expands them: no other relationship can be (api/print-list-printers.md). */
function viewWithShares(call: GraphCall): (printer: Printer) => object {
  const expand = call.query.get('$expand');
  if (expand === null) return viewPrinter;
  if (expand !== 'shares') throw new Refusal(400, 'badRequest', `'${expand}' cannot be expanded here.`);
  const shares = new Map<string, { id: string; displayName: string }[]>();
  for (const { id, displayName, printerId } of tenantOf(call).shares.values())
    shares.set(printerId, [...(shares.get(printerId) ?? []), { id, displayName }]);
  return (printer) => ({ ...viewPrinter(printer), shares: shares.get(printer.id) ?? [] });
}

function viewTrigger(tenant: Tenant, { id, definitionId }: NonNullable<Printer['trigger']>) {
  const definition = tenant.definitions.get(definitionId);
  return { id, event: 'jobStarted', ...(definition ? { definition: viewDefinition(definition) } : {}) };
}

/** A printTaskDefinition as Graph writes it (resources/printtaskdefinition.md). */
function viewDefinition(definition: Definition): Record<string, unknown> {
  const { id, displayName, appId, createdByDisplayName } = definition;
  return { id, displayName, createdBy: { appId, displayName: createdByDisplayName } };
}

/** A printTask as Graph writes it (resources/printtask.md). The end by a redirect is shown as late as the redirect. */
export function viewTask({ now }: Pick<Simulation, 'now'>, task: Task): Record<string, unknown> {
  const { id, parentUrl, description } = task;
  const state = now() < (task.endShownAt ?? 0) ? 'processing' : task.state;
  return { id, parentUrl, status: { state, description } };
}

function definitionOf(call: GraphCall): Definition {
  const definition = tenantOf(call).definitions.get(call.params['definitionId'] ?? '');
  const visible = requireFound(
    definition && isVisible(call, definition) ? definition : undefined,
    'The task definition',
  );
  requireSettled(call.simulation, visible.madeAt, 'The task definition');
  return visible;
}

function isVisible({ simulation, principal }: GraphCall, { appId }: Definition): boolean {
  return simulation.variants.definitionScope === 'all' || appId === principal.appId;
}

function settledPrinterOf(call: GraphCall): Printer {
  const printer = printerOf(call);
  requireSettled(call.simulation, printer.registeredAt, 'The printer');
  return printer;
}

function taskOf(call: GraphCall): Task {
  return requireFound(definitionOf(call).tasks.get(call.params['taskId'] ?? ''), 'The task');
}

function updateTask(call: GraphCall): Reply {
  const { simulation } = call;
  const task = taskOf(call);
  const { state, description } = taskChange.parse(call.body).status;
  const { patchEndedTask, taskDescription } = simulation.variants;
  if (!isOpen(task) && patchEndedTask !== 'accept')
    throw new Refusal(patchEndedTask === 'reject409' ? 409 : 400, 'badRequest', `The task is already ${task.state}.`);
  if (isOpen(task)) {
    if (taskDescription === 'rewritten') task.description = `The print task is ${state}.`;
    else task.description = description ?? task.description;
    if (state === 'completed' || state === 'aborted') endTask(simulation, task, state);
    else task.state = state;
  }
  return ok(viewTask(simulation, task));
}
