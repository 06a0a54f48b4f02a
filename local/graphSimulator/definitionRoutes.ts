import { randomUUID } from 'node:crypto';
import { fail, notFound, type RoutedCall } from './graphCall';
import { findJob, isOpen, type Definition, type Task, type TaskState } from './world';
import { endTask } from './jobLifecycle';
import { viewDefinition, viewTask } from './jobView';
import { pageOfList } from './pageOfList';
import { access } from './permissions';
import { asRecord, requireRecord, requireString } from './readFields';
import type { Reply } from './reply';
import type { Route } from './routes';

// api/print-list-taskdefinitions.md: neither list takes these.
const refusedOptions = ['$count', '$format', '$search', '$select', '$skip', '$top'];
const taskStates: readonly TaskState[] = ['pending', 'processing', 'completed', 'aborted'];

function definitionsOf(call: RoutedCall): Map<string, Definition> {
  return (
    call.simulation.world.tenants.get(call.principal.tenantId)?.definitions ?? new Map<string, Definition>()
  );
}

/** The definition of the path if it exists and the calling app created it. */
function ownDefinition(call: RoutedCall): Definition | undefined {
  const definition = definitionsOf(call).get(call.params['definitionId'] ?? '');
  return definition?.appId === call.principal.appId ? definition : undefined;
}

function refusedOption(call: RoutedCall): Reply | undefined {
  const refused = refusedOptions.find((name) => call.query.has(name));
  return refused === undefined
    ? undefined
    : fail(call, 400, 'badRequest', `The query option '${refused}' is not supported here.`);
}

function withDefinition(answer: (definition: Definition, call: RoutedCall) => Reply): Route['handle'] {
  return (call) => {
    const definition = ownDefinition(call);
    return definition ? answer(definition, call) : notFound(call, 'The task definition');
  };
}

function withTask(answer: (task: Task, call: RoutedCall) => Reply): Route['handle'] {
  return withDefinition((definition, call) => {
    const task = definition.tasks.get(call.params['taskId'] ?? '');
    return task ? answer(task, call) : notFound(call, 'The task');
  });
}

function updateTask(task: Task, call: RoutedCall): Reply {
  const { simulation } = call;
  const status = requireRecord(requireRecord(call.body)['status']);
  const wanted = requireString(status, 'state');
  const state = taskStates.find((name) => name === wanted);
  if (!state) return fail(call, 400, 'badRequest', `'${wanted}' is no print task state.`);
  if (!isOpen(task)) {
    const rule = simulation.variants.patchEndedTask;
    if (rule !== 'accept')
      return fail(call, rule === 'reject409' ? 409 : 400, 'badRequest', `The task is already ${task.state}.`);
    return { status: 200, body: viewTask(task) };
  }
  if (typeof status['description'] === 'string') task.description = status['description'];
  if (state === 'completed' || state === 'aborted') {
    const job = findJob(simulation.world, task.tenantId, task.printerId, task.jobId);
    endTask(simulation, job, task, state);
  } else task.state = state;
  return { status: 200, body: viewTask(task) };
}

/** Task definitions and their tasks: an app sees and changes only what it created itself. */
export const definitionRoutes: readonly Route[] = [
  {
    method: 'POST',
    template: '/print/taskDefinitions',
    access: access.definitions,
    page: 'print-post-taskdefinitions.md',
    handle: (call) => {
      const body = requireRecord(call.body);
      const createdBy = asRecord(body['createdBy'])?.['displayName'];
      const definition: Definition = {
        id: randomUUID(),
        displayName: requireString(body, 'displayName'),
        appId: call.principal.appId,
        createdByDisplayName: typeof createdBy === 'string' ? createdBy : '',
        tasks: new Map(),
      };
      definitionsOf(call).set(definition.id, definition);
      return { status: 201, body: viewDefinition(definition) };
    },
  },
  {
    method: 'GET',
    template: '/print/taskDefinitions',
    access: access.definitions,
    page: 'print-list-taskdefinitions.md',
    handle: (call) =>
      refusedOption(call) ??
      pageOfList(
        call,
        [...definitionsOf(call).values()].filter(({ appId }) => appId === call.principal.appId),
        viewDefinition,
      ),
  },
  {
    method: 'GET',
    template: '/print/taskDefinitions/{definitionId}',
    access: access.definitions,
    page: 'printtaskdefinition-get.md',
    handle: withDefinition((definition) => ({ status: 200, body: viewDefinition(definition) })),
  },
  {
    method: 'PATCH',
    template: '/print/taskDefinitions/{definitionId}',
    access: access.definitions,
    page: 'print-update-taskdefinition.md',
    handle: withDefinition((definition, call) => {
      const body = requireRecord(call.body);
      const createdBy = asRecord(body['createdBy'])?.['displayName'];
      if (typeof body['displayName'] === 'string') definition.displayName = body['displayName'];
      if (typeof createdBy === 'string') definition.createdByDisplayName = createdBy;
      return { status: 200, body: viewDefinition(definition) };
    }),
  },
  {
    method: 'DELETE',
    template: '/print/taskDefinitions/{definitionId}',
    access: access.definitions,
    page: 'print-delete-taskdefinition.md',
    handle: withDefinition((definition, call) => {
      definitionsOf(call).delete(definition.id);
      return { status: 204 };
    }),
  },
  {
    method: 'GET',
    template: '/print/taskDefinitions/{definitionId}/tasks',
    access: access.definitions,
    page: 'printtaskdefinition-list-tasks.md',
    handle: withDefinition((definition, call) => {
      const oldest = call.simulation.now() - call.simulation.variants.endedTaskListedMinutes * 60_000;
      const listed = [...definition.tasks.values()].filter(
        (task) => isOpen(task) || (task.endedAt ?? 0) >= oldest,
      );
      return refusedOption(call) ?? pageOfList(call, listed, viewTask);
    }),
  },
  {
    method: 'GET',
    template: '/print/taskDefinitions/{definitionId}/tasks/{taskId}',
    access: access.definitions,
    page: 'printtask-get.md',
    handle: withTask((task) => ({ status: 200, body: viewTask(task) })),
  },
  {
    method: 'PATCH',
    template: '/print/taskDefinitions/{definitionId}/tasks/{taskId}',
    access: access.definitions,
    page: 'printtaskdefinition-update-task.md',
    handle: withTask(updateTask),
  },
];
