import { tenantA, tenantB } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, values } = printing;
const control = () => printing.harness().control;

// openssl req -new -key <a key on prime256v1> -subj /CN=EC -outform DER | base64
const content =
  'MIHHMG8CAQAwDTELMAkGA1UEAwwCRUMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATQ7X+aWxuGSqEU5hst4AV6/fWdy9gepm3avEn7oWUc21FPO7sW' +
  '7Q0HI3o9pjFZGLoO5JU63bvjXfpBwyyedQxDoAAwCgYIKoZIzj0EAwIDSAAwRQIgL8DHlg8SshazEflrQQU/1gbW1sIFwjwX5owUCpD9tMgCIQCSmanC' +
  'bFsNhBNurj1KtgbLNEId+udrMdcGI/TbpvLfCg==';
const certificateSigningRequest = { content, transportKey: Buffer.from('a public key').toString('base64') };
// The example of api/printer-create.md.
const order = {
  displayName: 'Test Printer',
  manufacturer: 'Test Printer Manufacturer',
  model: 'Test Printer Model',
  physicalDeviceId: null,
  hasPhysicalDevice: false,
  certificateSigningRequest,
  connectorId: null,
};

const tokenOf = (user: { scopes?: string; printerAdministrator?: boolean; tenantId?: string } = {}) =>
  control().mintUserToken({ tenantId: tenantA, ...user });

async function create(body: object = order, token?: string) {
  const answer = await graph('POST', '/printers/create', body, token ?? (await tokenOf()));
  const operation = (answer.headers.get('operation-location') ?? '').replace(/^.*\/v1\.0\/print/, '');
  return { answer, operation };
}

describe('the registration of a virtual printer (api/printer-create.md, api/printoperation-get.md)', () => {
  it('is a 202 with Operation-Location and Retry-After, running, and then succeeded with the printer', async () => {
    await control().setVariants({ printerCreationMs: 60_000 });
    const { answer, operation } = await create();
    expect([answer.status, answer.text, answer.headers.get('retry-after')]).toEqual([202, '', '60']);
    expect(operation).toMatch(/^\/operations\/[0-9a-f-]{36}$/);
    const token = await tokenOf();
    const running = await graph('GET', operation, undefined, token);
    expect(running.body).toMatchObject({
      '@odata.type': '#microsoft.graph.printerCreateOperation',
      status: { state: 'running' },
    });
    expect(running.body['printer']).toBeUndefined();
    expect(values(await graph('GET', '/printers', undefined, token))).toHaveLength(2);

    printing.harness().clock.aheadMs = 60_000;
    const { body } = await graph('GET', operation, undefined, await tokenOf());
    expect(body).toMatchObject({
      certificate: expect.any(String) as string,
      status: { state: 'succeeded', description: 'The operation has completed successfully.' },
      printer: {
        displayName: 'Test Printer',
        manufacturer: 'Test Printer Manufacturer',
        model: 'Test Printer Model',
        hasPhysicalDevice: false,
        isShared: false,
        isAcceptingJobs: null,
        location: { latitude: null, longitude: null },
      },
    });
    const { id } = body['printer'] as { id: string };
    expect((await graph('GET', `/printers/${id}`)).body).toMatchObject({ id, displayName: 'Test Printer' });
  });

  it('makes a printer that takes a trigger, holds a job and lets it be redirected', async () => {
    await control().setVariants({ printerCreationMs: 0 });
    const { operation } = await create();
    const { body } = await graph('GET', operation, undefined, await tokenOf());
    const { id: printerId } = body['printer'] as { id: string };
    await control().createTrigger(tenantA, { printerId, definitionId: printing.scene().definition });
    const [job] = await control().print(tenantA, { printerId });
    const redirected = await graph('POST', `/printers/${printerId}/jobs/${job?.jobId ?? ''}/redirect`, {
      destinationPrinterId: printing.scene().plain,
    });
    expect(redirected.status).toBe(200);
  });

  it('may fail, without a printer (resources/printoperationstatus.md)', async () => {
    await control().setVariants({ printerCreationMs: 0, printerCreation: 'failed' });
    const { operation } = await create();
    const token = await tokenOf();
    const { body } = await graph('GET', operation, undefined, token);
    expect([body['status'], body['printer']]).toEqual([
      { state: 'failed', description: 'The operation failed.' },
      undefined,
    ]);
    expect(values(await graph('GET', '/printers', undefined, token))).toHaveLength(2);
  });

  it.each(['Printer.Create', 'Printer.ReadWrite.All', 'Printer.FullControl.All'])(
    'needs a Printer Administrator with a permission such as %s',
    async (scopes) => {
      const { answer, operation } = await create(order, await tokenOf({ scopes }));
      expect(answer.status).toBe(202);
      expect((await graph('GET', operation, undefined, await tokenOf({ scopes }))).status).toBe(200);
      const user = await tokenOf({ scopes, printerAdministrator: false });
      const reader = await tokenOf({ scopes: 'Printer.Read.All' });
      for (const token of [user, reader, undefined]) {
        expect((await graph('POST', '/printers/create', order, token)).status).toBe(403);
        expect((await graph('GET', operation, undefined, token)).status).toBe(403);
      }
    },
  );

  it('shows an operation to its tenant alone', async () => {
    await control().createTenant({ tenantId: tenantB });
    const { operation } = await create();
    expect((await graph('GET', operation, undefined, await tokenOf({ tenantId: tenantB }))).status).toBe(404);
  });

  it.each([
    ['no displayName', { displayName: undefined }],
    ['no manufacturer', { manufacturer: undefined }],
    ['no model', { model: '' }],
    ['a device without its id', { hasPhysicalDevice: true }],
    ['a device by default, without its id', { hasPhysicalDevice: undefined }],
    ['no certificate request', { certificateSigningRequest: undefined }],
    ['no transport key', { certificateSigningRequest: { content } }],
    ['a transport key that is not base64', { certificateSigningRequest: { content, transportKey: '{key}' } }],
    ['a parameter that does not exist', { location: {} }],
  ])('refuses %s', async (_name, change) => {
    expect((await create({ ...order, ...change })).answer.status).toBe(400);
  });

  it('takes the id of a device', async () => {
    const device = { ...order, hasPhysicalDevice: true, physicalDeviceId: 'f221760a-52e8-4c11-b8c5-5dfaef3a49db' };
    expect((await create(device)).answer.status).toBe(202);
  });

  it.each([
    ['text', 'request'],
    ['PEM', `-----BEGIN CERTIFICATE REQUEST-----\n${content}\n-----END CERTIFICATE REQUEST-----`],
    ['a request that is cut off', Buffer.from(content, 'base64').subarray(0, 90).toString('base64')],
    ['a request of another key', content.replace('TQ7X', 'TQ7Y')],
    ['a signature of another request', content.replace('wCRUMw', 'wCRVMw')],
  ])('refuses %s as certificate request (resources/printcertificatesigningrequest.md)', async (_name, other) => {
    expect(other).not.toBe(content);
    const request = { certificateSigningRequest: { ...certificateSigningRequest, content: other } };
    expect((await create({ ...order, ...request })).answer.status).toBe(400);
  });
});
