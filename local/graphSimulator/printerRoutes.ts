import { randomUUID } from 'node:crypto';
import { fail, notFound, type RoutedCall } from './graphCall';
import { viewDefinition } from './jobView';
import { pageOfList } from './pageOfList';
import { access, scopes } from './permissions';
import { requireRecord, requireString } from './readFields';
import type { Reply } from './reply';
import type { Route } from './routes';
import type { Printer, Tenant, Trigger } from './world';

const viewPrinter = (printer: Printer) => ({
  id: printer.id,
  displayName: printer.displayName,
  isShared: true,
  isAcceptingJobs: true,
});

const viewTrigger = (tenant: Tenant, trigger: Trigger) => {
  const definition = tenant.definitions.get(trigger.definitionId);
  return {
    id: trigger.id,
    event: 'jobStarted',
    ...(definition ? { definition: viewDefinition(definition) } : {}),
  };
};

function withPrinter(answer: (printer: Printer, tenant: Tenant, call: RoutedCall) => Reply): Route['handle'] {
  return (call) => {
    const tenant = call.simulation.world.tenants.get(call.principal.tenantId);
    const printer = tenant?.printers.get(call.params['printerId'] ?? '');
    return tenant && printer ? answer(printer, tenant, call) : notFound(call, 'The printer');
  };
}

function createTrigger(printer: Printer, tenant: Tenant, call: RoutedCall): Reply {
  const body = requireRecord(call.body);
  if (requireString(body, 'event') !== 'jobStarted')
    return fail(call, 400, 'badRequest', "The only event is 'jobStarted'.");
  const bind = requireString(body, 'definition@odata.bind');
  const id = /\/print\/taskDefinitions\/([^/]+)$/i.exec(bind)?.[1]?.toLowerCase() ?? '';
  const definition = tenant.definitions.get(id);
  if (!definition) return notFound(call, 'The task definition');
  if (definition.appId !== call.principal.appId)
    return fail(
      call,
      403,
      'accessDenied',
      'The calling app is not the one that created the task definition.',
    );
  if (printer.trigger) return fail(call, 409, 'conflict', 'The printer has a trigger already; it takes one.');
  printer.trigger = { id: randomUUID(), definitionId: definition.id };
  return { status: 201, body: viewTrigger(tenant, printer.trigger) };
}

/** Printers and their triggers. Listing printers and all trigger calls need a signed-in Printer Administrator. */
export const printerRoutes: readonly Route[] = [
  {
    method: 'GET',
    template: '/print/printers',
    access: 'delegatedOnly',
    scopes: scopes.readPrinters,
    page: 'print-list-printers.md',
    handle: (call) => {
      const tenant = call.simulation.world.tenants.get(call.principal.tenantId);
      return pageOfList(call, [...(tenant?.printers.values() ?? [])], viewPrinter);
    },
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}',
    access: access.printer,
    scopes: scopes.readPrinters,
    page: 'printer-get.md',
    handle: withPrinter((printer) => ({ status: 200, body: viewPrinter(printer) })),
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}/taskTriggers',
    access: 'delegatedOnly',
    scopes: scopes.readPrinters,
    page: 'printer-list-tasktriggers.md',
    handle: withPrinter((printer, tenant, call) =>
      pageOfList(call, printer.trigger ? [printer.trigger] : [], (trigger) => viewTrigger(tenant, trigger)),
    ),
  },
  {
    method: 'POST',
    template: '/print/printers/{printerId}/taskTriggers',
    access: 'delegatedOnly',
    scopes: scopes.writePrinters,
    page: 'printer-post-tasktriggers.md',
    handle: withPrinter(createTrigger),
  },
  {
    method: 'GET',
    template: '/print/printers/{printerId}/taskTriggers/{triggerId}',
    access: 'delegatedOnly',
    scopes: scopes.readPrinters,
    page: 'printtasktrigger-get.md',
    handle: withPrinter((printer, tenant, call) =>
      printer.trigger?.id === call.params['triggerId'] && printer.trigger
        ? { status: 200, body: viewTrigger(tenant, printer.trigger) }
        : notFound(call, 'The trigger'),
    ),
  },
  {
    method: 'DELETE',
    template: '/print/printers/{printerId}/taskTriggers/{triggerId}',
    access: 'delegatedOnly',
    scopes: scopes.writePrinters,
    page: 'printer-delete-tasktrigger.md',
    handle: withPrinter((printer, _tenant, call) => {
      if (printer.trigger?.id !== call.params['triggerId']) return notFound(call, 'The trigger');
      delete printer.trigger;
      return { status: 204 };
    }),
  },
];
