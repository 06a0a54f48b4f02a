import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCertificateFile } from '../../../shared/graph/certificateFile';
import { makeCertificate } from '../../support/makeCertificate';

describe('the certificate of the settings', () => {
  let folder: string;
  let pem: string;
  const file = () => join(folder, 'app.pem');
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificate-'));
    const { certificate, key } = await makeCertificate();
    pem = `${certificate}${key}`;
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is the text, or read from the file each time', async () => {
    await expect(readCertificateFile({ clientCertificate: pem })).resolves.toBe(pem);
    await writeFile(file(), pem.replaceAll('\n', '\r\n'));
    await expect(readCertificateFile({ clientCertificatePath: file() })).resolves.toBe(pem);
  });

  it.each([
    ['no PEM', () => 'secret', /names a file that is not PEM text with the certificate and its private key\. /],
    ['no private key', () => pem.slice(0, pem.indexOf('-----BEGIN PRIVATE')), /names a file that has no private key: /],
    ['no certificate', () => pem.slice(pem.indexOf('-----BEGIN PRIVATE')), /names a file that has no certificate: /],
  ])('is refused by name for a file with %s, without its content', async (_name, text, problem) => {
    await writeFile(file(), text());
    const error: unknown = await readCertificateFile({ clientCertificatePath: file() }).catch((e: unknown) => e);
    // A later try may find another file.
    expect(error).toMatchObject({ code: 'tokenUnavailable', retryable: true });
    expect(String(error)).toMatch(problem);
    expect(String(error)).toContain('ENTRA_CLIENT_CERTIFICATE_PATH');
    expect(String(error)).not.toContain('secret');
  });

  it('is refused by name for a file that is missing, and for a folder', async () => {
    const missing = readCertificateFile({ clientCertificatePath: join(folder, 'missing.pem') });
    await expect(missing).rejects.toThrow('ENTRA_CLIENT_CERTIFICATE_PATH names a file that does not exist');
    await expect(readCertificateFile({ clientCertificatePath: folder })).rejects.toThrow('names a folder');
    await expect(readCertificateFile({ clientCertificatePath: join(folder, 'app.pem', 'x') })).rejects.toThrow(
      'names a file that cannot be read (ENOTDIR)',
    );
  });
});
