import { checkPermissions, checkPullPrinting } from '../../../cli/doctor/tenantChecks';
import { ReceiverError } from '../../../shared/errors';
import { readDocument } from '../../../shared/rules/readDocument';
import { createFakeGraph, graphError } from '../../support/createFakeGraph';
import type { CallGraph } from '../../../shared/graph/client';
import { DEFINITION, fetchable, started, TENANT } from '../../support/createSubscriptionWorld';

const CLIENT_ID = '55555555-5555-5555-5555-555555555555';
const config = { clientId: CLIENT_ID, graphBaseUrl: 'https://graph.microsoft.com/v1.0' };

/** Graph for an app with these permissions: 403 without them, 404 for ids that do not exist. */
const graphWith =
  (...granted: string[]): CallGraph =>
  ({ permission, path }) => {
    if (!granted.includes(permission)) return Promise.reject(graphError('forbidden'));
    if (path === '/print/taskDefinitions') return Promise.resolve({ status: 200, body: { value: [] } });
    return Promise.reject(graphError('notFound'));
  };

const READ = ['Printer.Read.All', 'PrintJob.ReadBasic.All'];
const TASKS = 'PrintTaskDefinition.ReadWrite.All';

describe('permissions', () => {
  const check = (callGraph: CallGraph, watched = [fetchable(), started()], rules?: unknown) => {
    const read = rules === undefined ? undefined : readDocument(JSON.stringify(rules));
    const document = read && 'document' in read ? read.document : undefined;
    return checkPermissions({ callGraph, config, readRules: () => Promise.resolve(document) }, TENANT, watched);
  };

  it('pass where those of the watches are granted', async () => {
    expect(await check(graphWith(...READ, TASKS))).toMatchObject({ state: 'ok' });
    // api/subscription-post-subscriptions: JobFetchable needs no task definition.
    expect(await check(graphWith(...READ), [fetchable()])).toMatchObject({ state: 'ok' });
  });

  it('that are missing are named, with the commands that add and grant them', async () => {
    expect(await check(graphWith(...READ))).toEqual({
      check: `permissions of ${TENANT}`,
      state: 'failed',
      seen: `Not granted: ${TASKS}`,
      remedies: [
        `az ad app permission add --id ${CLIENT_ID} --api 00000003-0000-0000-c000-000000000000 --api-permissions ` +
          `"$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query "appRoles[?value=='${TASKS}'].id" --output tsv)=Role"`,
        `tenants consent-url ${TENANT}`,
      ],
    });
  });

  it('that the rules need count too', async () => {
    const rules = { version: 1, rules: [{ name: 'none', on: 'jobStarted', then: { abort: {} } }] };
    expect(await check(graphWith(...READ, TASKS), [started()], rules)).toMatchObject({
      seen: 'Not granted: PrintJob.ReadWriteBasic.All',
    });
  });

  it('that cannot be tried without consent have failed', async () => {
    const refused: CallGraph = () => Promise.reject(new ReceiverError('tokenRefused', 'Entra refused the token'));
    expect(await check(refused)).toMatchObject({
      state: 'failed',
      seen: expect.stringContaining(`${TASKS} could not be tried: Entra refused the token`) as unknown,
      remedies: [`tenants consent-url ${TENANT}`],
    });
  });

  it.each(['unavailable', 'throttled'] as const)(
    'that Graph cannot answer for now (%s) are no reason for a consent',
    async (kind) => {
      const { state, remedies } = await check(() => Promise.reject(graphError(kind)));
      expect({ state, remedies }).toEqual({ state: 'warning', remedies: undefined });
    },
  );
});

describe('pull printing', () => {
  const check = (printers: object[] | Error, watched = [fetchable(), started(TENANT, DEFINITION)]) => {
    const graph = createFakeGraph();
    if (printers instanceof Error) graph.nextError('GET', printers);
    else graph.next('GET', () => ({ value: printers }));
    return checkPullPrinting({ callGraph: graph.callGraph, config }, TENANT, watched);
  };

  it('is no risk without pull print printers', async () => {
    expect(await check([])).toMatchObject({ state: 'ok', seen: 'no pull print printers' });
  });

  it('warns where every printer is a member, the watched ones included', async () => {
    const some = { id: 'a', displayName: 'Some', includeAllPrinters: false };
    expect(await check([some, { id: 'b', displayName: 'Follow me', includeAllPrinters: true }])).toEqual({
      check: `pull printing of ${TENANT}`,
      state: 'warning',
      seen: 'Every printer is a member of the pull print printer Follow me: 1 watched printer and the printers of 1 task definition may notify a released job again',
    });
  });

  it('warns that members cannot be seen by an app where they are chosen one by one', async () => {
    const { state, seen } = await check([{ id: 'a', displayName: 'Some', includeAllPrinters: false }], [fetchable()]);
    expect([state, seen]).toEqual([
      'warning',
      'There is 1 pull print printer, such as Some. Only a Printer Administrator can compare their members with 1 watched printer',
    ]);
  });

  it.each(['forbidden', 'notFound', 'rejected'] as const)('is skipped where Graph shows none: %s', async (kind) => {
    expect(await check(graphError(kind))).toMatchObject({
      state: 'skipped',
      seen: expect.stringContaining('PullPrintPrinter.Read.All') as unknown,
    });
  });

  it('is skipped where nothing is watched, and an outage is left to the caller', async () => {
    expect(await check([], [])).toMatchObject({ state: 'skipped' });
    await expect(check(graphError('unavailable'))).rejects.toMatchObject({ code: 'graphUnavailable' });
  });
});
