import { createPublicKey } from 'node:crypto';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { makeCertificateRequest } from '../../cli/certificateRequest';
import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { PRINTER, TENANT } from '../support/createSubscriptionWorld';

const LOCATION = 'https://graph.microsoft.com/v1.0/print/operations/f221760a-52e8-4c11-b8c5-5dfaef3a49db';
const create = ['printers', 'create-virtual', '--tenant', TENANT, '--name', 'Pull printing'];
const succeeded = () => ({ status: { state: 'succeeded' }, printer: { id: PRINTER } });

describe('printers create-virtual', () => {
  it('registers a printer as the administrator and names the next steps', async () => {
    const world = createCliWorld();
    world.administrator.nextAccepted(LOCATION);
    world.administrator.next('GET', succeeded);
    const { code, stdout, stderr } = await world.run(...create);
    expect(code).toBe(0);
    expect(stdout).toContain(`Created virtual printer ${PRINTER} (Pull printing).\n`);
    expect(stdout).toContain(`triggers create --tenant ${TENANT} --printer ${PRINTER} --definition <id>`);
    expect(stderr).toContain('https://login.example/authorize');
    // The permission that triggers need too: Printer.Create would be one more to consent to (api/printer-create.md).
    expect(world.signedIn).toEqual([`${TENANT} Printer.ReadWrite.All`]);
    expect(world.administrator.calls[0]?.body).toMatchObject({
      ...{ displayName: 'Pull printing', manufacturer: 'Virtual', model: 'Pull printing', hasPhysicalDevice: false },
      certificateSigningRequest: {
        content: expect.any(String) as unknown,
        transportKey: expect.any(String) as unknown,
      },
    });
    expect(world.graph.calls).toEqual([]);
  });

  it('--json prints the id, and no key', async () => {
    const world = createCliWorld();
    world.administrator.nextAccepted(LOCATION);
    world.administrator.next('GET', succeeded);
    const { json } = await world.runJson(...create, '--manufacturer', 'Contoso', '--model', 'Queue');
    expect(json).toEqual({ tenantId: TENANT, printerId: PRINTER, displayName: 'Pull printing' });
    expect(world.administrator.calls[0]?.body).toMatchObject({ manufacturer: 'Contoso', model: 'Queue' });
  });

  it('fails when Graph refuses', async () => {
    const world = createCliWorld();
    world.administrator.nextError('POST', graphError('forbidden'));
    expect(await world.run(...create)).toMatchObject({ code: 1, stdout: '' });
  });
});

describe('the certificate request (resources/printcertificatesigningrequest.md)', () => {
  it('is PKCS #10 in base64, signed with the key whose public half is the transport key', async () => {
    const { content, transportKey } = await makeCertificateRequest();
    const request = new Pkcs10CertificateRequest(Buffer.from(content, 'base64'));
    expect(await request.verify()).toBe(true);
    expect(Buffer.from(request.publicKey.rawData).toString('base64')).toBe(transportKey);
    expect(request.subject).toBe('CN=Virtual printer');
    const key = createPublicKey({ key: Buffer.from(transportKey, 'base64'), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyType).toBe('rsa');
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it('has a new key each time', async () => {
    const made = await Promise.all([makeCertificateRequest(), makeCertificateRequest()]);
    expect(new Set(made.map(({ transportKey }) => transportKey)).size).toBe(2);
  });
});
