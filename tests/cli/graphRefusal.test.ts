import { GraphError } from '../../shared/graph/errors';
import { asAdministrator } from '../../shared/graph/service';
import { createCliWorld } from '../support/createCliWorld';
import { DEFINITION, PRINTER, TENANT } from '../support/createSubscriptionWorld';

const WORDS = "Operation: Create; Exception: 'print/printers/x' was not found.";

function refusal(status: number, said = WORDS, logFields = {}): GraphError {
  const codes: Record<number, GraphError['code']> = {
    400: 'graphRejected',
    403: 'graphForbidden',
    404: 'graphNotFound',
    409: 'graphConflict',
    410: 'graphNotFound',
  };
  const problem = `Graph returned ${status} (ExtensionError) for POST /subscriptions`;
  return new GraphError(codes[status] ?? 'graphRejected', problem, { status, said, logFields });
}

describe('subscriptions add, when Graph refuses', () => {
  const add = ['subscriptions', 'add', '--tenant', TENANT];

  it.each([400, 403, 404, 410])('%i for a printer shows the words of Graph and the likely causes', async (status) => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('POST', refusal(status));
    const { code, stdout, stderr } = await world.run(...add, '--printer', PRINTER);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Graph returned ${status} (ExtensionError) for POST /subscriptions`);
    expect(stderr).toContain(`\nGraph says: ${WORDS}\n`);
    expect(stderr).toContain(`likely cause: ${PRINTER} is not the id of a printer`);
    expect(stderr).toContain(`likely cause: the printer is of another tenant than ${TENANT}`);
    expect(stderr).toContain(`likely cause: the permission Printer.Read.All is missing: tenants show ${TENANT}`);
    // The row, which other people read, has our own words alone.
    const [watch] = (await world.runJson('subscriptions', 'list')).json as { lastError: string }[];
    expect(watch?.lastError).not.toContain('was not found');
  });

  it('names the causes for a definition', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('POST', refusal(400));
    const { stderr } = await world.run(...add, '--definition', DEFINITION);
    expect(stderr).toContain(`likely cause: ${DEFINITION} is not the id of a definition of this app: definitions list`);
    expect(stderr).toContain('PrintTaskDefinition.ReadWrite.All');
  });

  it('names no likely cause where Graph has given the reason, or does not answer', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('POST', refusal(403, 'Maximum number of subscriptions', { refusal: 'quota' }));
    const { stderr } = await world.run(...add, '--printer', PRINTER);
    expect(stderr).toContain('Graph says: Maximum number of subscriptions');
    expect(stderr).not.toContain('likely cause');
    world.graph.nextError('POST', new GraphError('graphUnavailable', 'POST /subscriptions failed'));
    expect((await world.run(...add, '--definition', DEFINITION)).stderr).not.toMatch(/likely cause|Graph says/);
  });

  it('escapes the words of Graph', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('POST', refusal(400, 'a\u001b[2J\nerror: forged'));
    const { stderr } = await world.run(...add, '--printer', PRINTER);
    expect(stderr).toContain('Graph says: a\\u001b[2J\\nerror: forged\n');
  });
});

describe('other verbs, when Graph refuses', () => {
  it('subscriptions renew shows the words of Graph', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.put();
    world.graph.nextError('POST', refusal(403));
    const { code, stderr } = await world.run('subscriptions', 'renew', '--tenant', TENANT, '--printer', PRINTER);
    expect(code).toBe(1);
    expect(stderr).toContain(`Graph says: ${WORDS}`);
    expect(stderr).toContain('likely cause: ');
  });

  it.each([
    [['definitions', 'create', '--tenant', TENANT, '--name', 'x'], 'POST', 403],
    [['definitions', 'list', '--tenant', TENANT], 'GET', 410],
    [['definitions', 'delete', DEFINITION, '--tenant', TENANT, '--force', '--yes'], 'DELETE', 409],
  ] as const)('%s shows the words of Graph', async (argv, method, status) => {
    const world = createCliWorld();
    world.graph.nextError(method, refusal(status));
    const { code, stderr } = await world.run(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(`\nGraph says: ${WORDS}\n`);
  });

  const createTrigger = [
    ...['triggers', 'create', '--tenant', TENANT],
    ...['--printer', PRINTER, '--definition', DEFINITION],
  ];

  it.each([400, 403, 404, 410])('triggers create names the likely causes of %i', async (status) => {
    const world = createCliWorld();
    world.administrator.nextError('POST', refusal(status));
    const { code, stderr } = await world.run(...createTrigger);
    expect(code).toBe(1);
    expect(stderr).toContain(`\nGraph says: ${WORDS}\n`);
    expect(stderr).toContain(`likely cause: ${PRINTER} is not the id of a printer`);
    expect(stderr).toContain(`likely cause: ${DEFINITION} is not a definition of this app: definitions list`);
  });

  it('triggers create shows the words behind a second trigger', async () => {
    const world = createCliWorld();
    world.administrator.nextError('POST', refusal(409));
    const { stderr } = await world.run(...createTrigger);
    expect(stderr).toContain('already has a trigger');
    expect(stderr).toContain(`Graph says: ${WORDS}`);
  });

  it('a person who signed in sees the words too', async () => {
    const call = asAdministrator(() => Promise.reject(refusal(403)));
    const asked = { tenantId: TENANT, method: 'GET', path: '/print/printers', permission: 'Printer.Read.All' } as const;
    await expect(call(asked)).rejects.toMatchObject({
      said: WORDS,
      remedy: expect.stringContaining('Sign in') as string,
    });
  });
});
