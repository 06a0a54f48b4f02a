import { changeOptions } from './changeOptions';
import type { ControlRoute } from './controlCall';
import { parseFaultRule } from './faults';

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
      const after = Number(query.get('after') ?? 0);
      const value = calls
        .list()
        .filter((call) => call.n > after && (target === 'all' || call.target === target));
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
    handle: ({ calls }) => ({ status: 200, body: { value: calls.violations() } }),
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
    path: '/reset',
    handle: ({ reset }) => {
      reset();
      return { status: 204 };
    },
  },
];
