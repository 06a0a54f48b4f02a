import type { TableName } from '../../local/ingestion/readItem';
import { isRecord } from '../../shared/parse';
import { parseTraceparent } from '../../shared/telemetry/traceparent';
import { bodyOf, CLIENT_ID, fetchableItem, stateFor, TEST_KEYS_SETTING } from '../support/notifications';
import { startFlow, type Customer, type Flow } from '../support/startFlow';

/** In the tenth of traces that is exported: the last digits decide. */
const TRACE = '0af7651916cd43dd8448eb2100000001';
const CALLER = 'b7ad6b7169203331';

describe('telemetry of the built app', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ telemetry: true, settings: { CLIENT_STATE_KEYS: TEST_KEYS_SETTING } });
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** Ends the worker, which exports what it has. */
  const exportAll = async () => {
    await flow.untilQuiet();
    await flow.cloud.hosts[0]?.stop();
  };
  const rowsOf = (table: TableName) => flow.cloud.telemetry?.rows(table) ?? [];

  it('reaches the ingestion endpoint when the worker ends', async () => {
    const { tenantId, printerId } = await flow.onboard(['jobStarted']);
    await flow.control.print(tenantId, { printerId });
    await flow.untilEvents(1);
    await exportAll();
    // Two handshakes of the subscription, one for each of its addresses, and one notification. A busy machine may answer the
    // notification with 503 first, after which Graph delivers it again.
    const answered = [
      { route: 'receiveNotifications', status: '200', fromGraph: 'false' },
      { route: 'receiveLifecycleEvents', status: '200', fromGraph: 'false' },
      { route: 'receiveNotifications', status: '202', fromGraph: 'true' },
    ];
    expect(rowsOf('AppMetrics')).toEqual(
      expect.arrayContaining(
        answered.map(
          (Properties) =>
            expect.objectContaining({ Name: 'upr.notifications.time', ItemCount: 1, Properties }) as unknown,
        ),
      ),
    );
  }, 60_000);

  /** Prints a job whose notification this test sends, with the trace context of a caller. */
  const notify = async ({ tenantId, printerId }: Customer, traceparent: string) => {
    await flow.control.setDelivery({ lossRate: 1 });
    const [job] = await flow.control.print(tenantId, { printerId });
    const resource = `print/printers/${printerId}/jobs/${job?.jobId ?? ''}`;
    const stored = await (await flow.services.watches()).get({ tenantId, kind: 'jobFetchable', id: printerId });
    const generation = stored?.watch.generation ?? 0;
    const clientState = stateFor({ kind: 'jobFetchable', id: printerId, tenantId, generation, clientId: CLIENT_ID });
    const { status } = await fetch(flow.notificationsUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent },
      body: new Uint8Array(bodyOf(fetchableItem({ tenantId, clientState, resource }))),
    });
    expect(status).toBe(202);
    return resource;
  };

  it('one trace leads from the POST through the queue to the event, with the calls to Graph in it', async () => {
    await flow.cloud.restartHost();
    const customer = await flow.onboard(['jobFetchable'], { trigger: false });
    const before = (await flow.events()).length;
    await notify(customer, `00-${TRACE}-${CALLER}-01`);
    const event = (await flow.untilEvents(before + 1)).at(-1);
    await exportAll();
    const [work, ...others] = rowsOf('AppRequests').filter(({ OperationId }) => OperationId === TRACE);
    expect(others).toEqual([]);
    expect(work).toMatchObject({
      Name: 'process print-notifications',
      Success: true,
      // It stands for ten, of which nine are not exported.
      ItemCount: 10,
      // The span of the host, which is a child of the caller's.
      ParentId: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      Properties: { tenantId: customer.tenantId, outcome: 'done' },
    });
    expect(work?.['ParentId']).not.toBe(CALLER);
    // The host's own invocation is in a trace of its own, because the queue carries no context.
    expect(linkOf(work)).toEqual({
      operation_Id: expect.not.stringContaining(TRACE) as string,
      id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    const { Id } = work ?? {};
    expect(rowsOf('AppDependencies').filter(({ OperationId }) => OperationId === TRACE)).toMatchObject([
      {
        ParentId: Id,
        Name: 'GET /print/printers/{id}/jobs/{id}',
        Target: 'Microsoft Graph',
        ResultCode: '200',
      },
    ]);
    const traceparent = isRecord(event) ? event['traceparent'] : undefined;
    expect(parseTraceparent(String(traceparent))).toEqual({ traceId: TRACE, spanId: Id });
  }, 60_000);
});

/** The link of a row, as the exporter writes it into its properties. */
function linkOf(row: Readonly<Record<string, unknown>> | undefined): unknown {
  const properties = row?.['Properties'];
  const [link] = JSON.parse(isRecord(properties) ? String(properties['_MS.links']) : '[]') as unknown[];
  return link;
}
