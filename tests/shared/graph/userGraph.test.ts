import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readConfig } from '../../../shared/config';
import { GraphError } from '../../../shared/graph/errors';
import { asAdministrator, openUserGraph } from '../../../shared/graph/service';
import { graphError } from '../../support/createFakeGraph';
import { testKey } from '../../support/testKey';

const TENANT = '11111111-1111-1111-1111-111111111111';
const call = {
  tenantId: TENANT,
  method: 'GET',
  path: '/print/printers?a=b',
  permission: 'Printer.Read.All',
} as const;

describe('Graph as a signed-in administrator', () => {
  let server: Server;
  const seen: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.setHeader('connection', 'close').end('{"value":[]}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it('sends the token of the person', async () => {
    const { port } = server.address() as AddressInfo;
    const config = readConfig({
      AzureWebJobsStorage: 'UseDevelopmentStorage=true',
      ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
      GRAPH_CREDENTIAL: 'development',
      GRAPH_BASE_URL: `http://127.0.0.1:${port}/v1.0`,
      CLIENT_STATE_KEYS: `k1:${testKey(7).toString('base64')}`,
      PUBLIC_BASE_URL: 'https://receiver.example/api',
    });
    const callGraph = openUserGraph(config, 'token of a person');
    expect(await callGraph(call)).toMatchObject({ status: 200, body: { value: [] } });
    expect(seen).toEqual(['Bearer token of a person']);
  });

  it('names what the person lacks when Graph refuses (Printer Administrator: api/print-list-printers.md)', async () => {
    const refused = asAdministrator(() => Promise.reject(graphError('forbidden')));
    await expect(refused(call)).rejects.toMatchObject({
      code: 'graphForbidden',
      status: 403,
      message: expect.stringMatching(
        /^Graph said forbidden\. Sign in as a Printer Administrator.*delegated permission Printer\.Read\.All/,
      ) as string,
    });
    const unauthorized = new GraphError('graphUnauthorized', 'x', { status: 401 });
    await expect(asAdministrator(() => Promise.reject(unauthorized))(call)).rejects.toMatchObject({
      code: 'graphUnauthorized',
    });
  });

  it.each([graphError('notFound'), new TypeError('x')])('passes on any other error: %p', async (error) => {
    await expect(asAdministrator(() => Promise.reject(error))(call)).rejects.toBe(error);
  });
});
