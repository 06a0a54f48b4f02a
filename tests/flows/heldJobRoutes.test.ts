import { storeRules } from '../support/flowRules';
import { runCommand } from '../support/runCommand';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

jest.setTimeout(30_000);

interface Answered {
  status: number;
  body: { jobs?: { key: string; wish?: object }[]; continuation?: string; error?: { code: string } };
}

/** The routes of held jobs as a backend and a badge reader call them, through the built app. */
describe('the routes of held jobs', () => {
  let flow: Flow;
  let customer: Customer;
  let other: Customer;
  let target: string;
  let user: string;
  beforeAll(async () => {
    flow = await startFlow();
    [customer, other] = [await flow.onboard(['jobStarted']), await flow.onboard(['jobStarted'])];
    const hold = { hold: { for: '4h', else: 'abort' } };
    for (const one of [customer, other]) await storeRules(flow, one, hold);
    ({ id: target } = await flow.control.createPrinter(customer.tenantId, { displayName: 'At the reader' }));
    user = `ada@${customer.tenantId}.example`;
    await print(customer, 3);
    await print(other, 1);
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  async function print({ tenantId, printerId }: Customer, count: number): Promise<void> {
    const before = (await flow.events()).length;
    for (let job = 0; job < count; job += 1) {
      await flow.control.print(tenantId, {
        printerId,
        user: { id: null, displayName: 'Ada', userPrincipalName: user },
        configuration: { copies: 2, colorMode: 'color' },
      });
    }
    await flow.untilEvents(before + count);
    await flow.untilQuiet();
  }

  const call = async (
    path: string,
    { headers = {}, ...init }: { headers?: Record<string, string>; body?: object } = {},
  ) => {
    const { body } = init;
    const answer = await fetch(`${flow.cloud.hosts[0]?.url ?? ''}/api/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed = text === '' ? {} : (JSON.parse(text) as Answered['body']);
    return { status: answer.status, body: parsed } satisfies Answered;
  };
  const asBackend = (path: string, body?: object) =>
    call(path, { headers: { 'x-functions-key': flow.cloud.functionKey }, ...(body ? { body } : {}) });
  const asDevice = (token: string, path: string, body?: object) =>
    call(`device/${path}`, { headers: { authorization: `Bearer ${token}` }, ...(body ? { body } : {}) });

  const cli = async <T>(...argv: string[]): Promise<T> => {
    const { code, stdout } = await runCommand([...argv, '--json'], { env: flow.cloud.environment });
    expect(code).toBe(0);
    return JSON.parse(stdout) as T;
  };
  const createToken = ({ tenantId }: Customer) =>
    cli<{ token: string; tokenId: string }>(
      ...['tenants', 'token', 'create', '--tenant', tenantId, '--name', 'Reader', '--printer', target],
    );

  const endsOf = async ({ tenantId }: Customer) =>
    (await flow.events()).filter(({ id, type }) => id.startsWith(`${tenantId}/`) && type === 'print.job.ended');

  it('need their key: the function key opens no device route, and a token no other route', async () => {
    const { tenantId } = customer;
    const { token } = await createToken(customer);
    expect((await call('jobs/search', { body: { tenant: tenantId } })).status).toBe(401);
    const withToken = { headers: { authorization: `Bearer ${token}` }, body: { tenant: tenantId } };
    expect((await call('jobs/search', withToken)).status).toBe(401);
    const withKey = { headers: { 'x-functions-key': flow.cloud.functionKey }, body: { user } };
    expect(await call('device/jobs/search', withKey)).toMatchObject({
      status: 401,
      body: { error: { code: 'unauthorized' } },
    });
  });

  it('let a backend page through held jobs, and abort one with the reason', async () => {
    const { tenantId } = customer;
    const first = await asBackend('jobs/search', { tenant: tenantId, user, limit: 2 });
    const { continuation } = first.body;
    const second = await asBackend('jobs/search', { tenant: tenantId, user, limit: 2, continuation });
    const keys = [first, second].flatMap(({ body }) => (body.jobs ?? []).map(({ key }) => key));
    expect([new Set(keys).size, second.body.continuation]).toEqual([3, undefined]);
    const [key = ''] = keys;
    const at = `jobs/${tenantId}/${key}`;
    expect(await asBackend(`${at}/abort`, { reason: 'Not needed' })).toMatchObject({ status: 202 });
    await flow.untilQuiet();
    expect(await asBackend(at)).toMatchObject({ status: 200, body: { status: 'done', outcome: 'aborted' } });
    expect(await asBackend(`${at}/release`, {})).toMatchObject({
      status: 409,
      body: { error: { code: 'jobNotHeld' } },
    });
    expect(await endsOf(customer)).toMatchObject([{ data: { outcome: 'aborted', by: 'operator' } }]);
  });

  it('let a badge reader print the jobs of a user at its printer alone', async () => {
    const { token, tokenId } = await createToken(customer);
    const found = await asDevice(token, 'jobs/search', { user });
    expect(found.body.jobs).toHaveLength(2);
    expect(Object.keys(found.body.jobs?.[0] ?? {}).sort()).toEqual(['colorMode', 'copies', 'key', 'time']);
    const elsewhere = { user, printer: customer.printerId };
    expect(await asDevice(token, 'jobs/release', elsewhere)).toMatchObject({ status: 403 });
    expect(await asDevice(token, 'jobs/release', { user, printer: target })).toMatchObject({ status: 202 });
    await flow.untilQuiet();
    expect((await asDevice(token, 'jobs/search', { user })).body.jobs).toEqual([]);
    const ends = (await endsOf(customer)).slice(1);
    expect(ends.map(({ data }) => [data['outcome'], data['by']])).toEqual([
      ['redirected', `device:${tokenId} Reader`],
      ['redirected', `device:${tokenId} Reader`],
    ]);
  });

  it('keep a token in its own tenant, and refuse it within a minute of its revocation', async () => {
    const [mine, foreign] = [await createToken(other), await createToken(customer)];
    const { jobs = [] } = (await asDevice(mine.token, 'jobs/search', { user })).body;
    expect(jobs).toHaveLength(1);
    const path = `jobs/${jobs[0]?.key ?? ''}`;
    expect((await asDevice(foreign.token, 'jobs/search', { user })).body.jobs).toEqual([]);
    expect((await asDevice(foreign.token, path)).status).toBe(404);
    expect((await asDevice(foreign.token, `${path}/abort`, {})).status).toBe(404);
    expect((await asDevice(mine.token, path)).status).toBe(200);
    await cli('tenants', 'token', 'revoke', foreign.tokenId, '--tenant', customer.tenantId);
    // The memory of the process, which a minute would empty as well.
    await flow.cloud.restartHost();
    expect((await asDevice(foreign.token, path)).status).toBe(401);
    expect((await asDevice(mine.token, path)).status).toBe(200);
  });
});
