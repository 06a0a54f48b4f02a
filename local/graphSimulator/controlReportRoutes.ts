import { findViolations } from './callReport';
import { changeOptions } from './changeOptions';
import type { ControlRoute } from './controlCall';
import { parseFaultRule } from './faults';
import { optionalString, requireRecord, requireString } from './readFields';

/** Faults, reports and variants. */
export const controlReportRoutes: readonly ControlRoute[] = [
  {
    method: 'POST',
    path: '/faults',
    handle: ({ faults, body }) => ({ status: 201, body: faults.add(parseFaultRule(body)) }),
  },
  {
    method: 'GET',
    path: '/faults',
    handle: ({ faults }) => ({ status: 200, body: { value: faults.list() } }),
  },
  {
    method: 'DELETE',
    path: '/faults',
    handle: ({ faults }) => {
      faults.remove();
      return { status: 204 };
    },
  },
  {
    method: 'DELETE',
    path: '/faults/:fault',
    handle: ({ faults, params }) => {
      faults.remove(params['fault']);
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: '/calls',
    handle: ({ calls, query }) => {
      const target = query.get('target') ?? 'graph';
      const value = calls.list().filter((call) => target === 'all' || call.target === target);
      return { status: 200, body: { value } };
    },
  },
  {
    method: 'DELETE',
    path: '/calls',
    handle: ({ calls }) => {
      calls.clear();
      return { status: 204 };
    },
  },
  {
    method: 'GET',
    path: '/violations',
    handle: ({ calls }) => ({ status: 200, body: { value: findViolations(calls.list()) } }),
  },
  {
    method: 'GET',
    path: '/variants',
    handle: ({ simulation }) => ({ status: 200, body: simulation.variants }),
  },
  {
    method: 'PATCH',
    path: '/variants',
    handle: ({ simulation, body }) => {
      changeOptions(simulation.variants, body);
      return { status: 200, body: simulation.variants };
    },
  },
  {
    method: 'POST',
    path: '/userTokens',
    handle: async ({ simulation, body }) => {
      const order = requireRecord(body);
      const seconds = Math.floor(simulation.now() / 1000);
      const token = await simulation.keys.sign({
        aud: 'https://graph.microsoft.com',
        tid: requireString(order, 'tenantId').toLowerCase(),
        appid: optionalString(order, 'appId') ?? simulation.appId,
        scp: optionalString(order, 'scopes') ?? 'Printer.ReadWrite.All',
        iat: seconds,
        exp: seconds + 3599,
      });
      return { status: 200, body: { token } };
    },
  },
  {
    method: 'POST',
    path: '/reset',
    handle: ({ reset }) => {
      reset();
      return { status: 204 };
    },
  },
];
