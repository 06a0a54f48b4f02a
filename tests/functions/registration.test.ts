import { TIMER_NAMES } from '../support/timers';

/** The core that the Functions worker offers; it exists nowhere else: hence a virtual mock. */
const registered: { name: string; bindings: Record<string, Record<string, unknown>> }[] = [];

jest.mock(
  '@azure/functions-core',
  () => ({
    version: '3.9.1',
    hostVersion: '4.0.0',
    registerFunction: (metadata: (typeof registered)[number]) => {
      registered.push(metadata);
      return { dispose: () => undefined };
    },
    registerHook: () => ({ dispose: () => undefined }),
    setProgrammingModel: () => undefined,
    getProgrammingModel: () => ({ name: 'test' }),
    log: () => undefined,
    Disposable: class {},
  }),
  { virtual: true },
);

const before = process.env;
afterAll(() => {
  process.env = before;
});

it('loads without any setting and registers the routes of the contract with their methods and keys', async () => {
  process.env = {};
  await import('../../functions/index');
  const routes = registered.flatMap(({ name, bindings }) =>
    Object.values(bindings).flatMap(({ type, route, methods, authLevel }) =>
      type === 'httpTrigger' ? [{ name, route, methods, authLevel }] : [],
    ),
  );
  const of = (authLevel: string, method: string, name: string, route: string) => ({
    name,
    route,
    methods: [method],
    authLevel,
  });
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  expect(routes.sort(byName)).toEqual(
    [
      of('anonymous', 'POST', 'receiveNotifications', 'notifications'),
      of('anonymous', 'POST', 'receiveLifecycleEvents', 'lifecycle'),
      of('anonymous', 'GET', 'consent', 'consent'),
      of('anonymous', 'GET', 'health', 'health'),
      of('function', 'GET', 'status', 'status'),
      of('function', 'POST', 'searchHeldJobs', 'jobs/search'),
      of('function', 'POST', 'releaseHeldJobs', 'jobs/release'),
      of('function', 'GET', 'showHeldJob', 'jobs/{tenantId}/{key}'),
      of('function', 'POST', 'actOnHeldJob', 'jobs/{tenantId}/{key}/{action}'),
      of('anonymous', 'POST', 'searchHeldJobsOfDevice', 'device/jobs/search'),
      of('anonymous', 'POST', 'releaseHeldJobsOfDevice', 'device/jobs/release'),
      of('anonymous', 'GET', 'showHeldJobOfDevice', 'device/jobs/{key}'),
      of('anonymous', 'POST', 'actOnHeldJobOfDevice', 'device/jobs/{key}/{action}'),
    ].sort(byName),
  );
});

it('registers, with a sink, the timers that tests and benchmarks can turn off', async () => {
  process.env = { EVENTS_SINK_WEBHOOK_URL: 'https://events.example/jobs' };
  jest.resetModules();
  registered.length = 0;
  await import('../../functions/index');
  const timers = registered.filter(({ bindings }) =>
    Object.values(bindings).some(({ type }) => type === 'timerTrigger'),
  );
  expect(timers.map(({ name }) => name).sort()).toEqual([...TIMER_NAMES].sort());
});
