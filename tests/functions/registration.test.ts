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

it('loads without any setting and registers both webhook routes as anonymous POST, the consent page as GET', async () => {
  process.env = {};
  await import('../../functions/index');
  const routes = registered.flatMap(({ name, bindings }) =>
    Object.values(bindings).flatMap(({ type, route, methods, authLevel }) =>
      type === 'httpTrigger' ? [{ name, route, methods, authLevel }] : [],
    ),
  );
  const webhook = (name: string, route: string) => ({
    name,
    route,
    methods: ['POST'],
    authLevel: 'anonymous',
  });
  expect(routes).toEqual(
    expect.arrayContaining([
      webhook('receiveNotifications', 'notifications'),
      webhook('receiveLifecycleEvents', 'lifecycle'),
      { name: 'consent', route: 'consent', methods: ['GET'], authLevel: 'anonymous' },
    ]),
  );
});
