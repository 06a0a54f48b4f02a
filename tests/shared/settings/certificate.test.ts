import { checkCertificate } from '../../../shared/settings/certificate';
import { makeCertificate } from '../../support/makeCertificate';

describe('a certificate with its private key', () => {
  let own: { certificate: string; key: string };
  let other: { certificate: string; key: string };
  let pem: string;
  beforeAll(async () => {
    own = await makeCertificate();
    other = await makeCertificate();
    pem = `${own.certificate}${own.key}`;
  });

  it.each<[string, (text: string) => string]>([
    ['as it was exported', (text) => text],
    ['with line ends of Windows', (text) => text.replaceAll('\n', '\r\n')],
    ['with spaces in place of line ends', (text) => text.replaceAll('\n', ' ')],
    ['without any line end', (text) => text.replaceAll('\n', '')],
    ['with \\n written out', (text) => text.replaceAll('\n', '\\n')],
    ['with \\r\\n written out', (text) => text.replaceAll('\n', '\\r\\n')],
    ['with the attributes of a PFX between the parts', (text) => `Bag Attributes\n  friendlyName: x\n${text}`],
  ])('is accepted %s', (_name, change) => {
    expect(checkCertificate(change(pem))).toEqual({ value: pem });
  });

  it('may have the key first', () => {
    expect(checkCertificate(`${own.key}${own.certificate}`)).toEqual({ value: `${own.key}${own.certificate}` });
  });

  it('is refused without one of the parts, with a wrong part, and with an encrypted or unreadable key', () => {
    const problemOf = (text: string) => checkCertificate(text);
    expect(problemOf(own.certificate)).toEqual({ problem: expect.stringMatching(/^has no private key: /) as string });
    expect(problemOf(own.key)).toEqual({ problem: expect.stringMatching(/^has no certificate: /) as string });
    expect(problemOf('secret')).toEqual({ problem: 'is not PEM text with the certificate and its private key' });
    expect(problemOf(`${own.certificate}${other.key}`)).toEqual({
      problem: 'has a private key that does not belong to its certificate',
    });
    expect(problemOf(pem.replace(/PRIVATE KEY/g, 'ENCRYPTED PRIVATE KEY'))).toEqual({
      problem: 'has an encrypted private key: export it without a password',
    });
    expect(problemOf(pem.replace(/-----BEGIN PRIVATE KEY-----\n..../, '-----BEGIN PRIVATE KEY-----\nAAAA'))).toEqual({
      problem: 'cannot be read: export certificate and private key as PEM again',
    });
  });

  it.each(['/run/secrets/app.pem', 'C:\\certificates\\app.pfx', 'app.PEM', '~/app.crt'])(
    'is not the path of a file, which has a setting of its own: %s',
    (text) => {
      expect(checkCertificate(text)).toEqual({
        problem: expect.stringMatching(/^names a file: set ENTRA_CLIENT_CERTIFICATE_PATH to its path/) as string,
      });
    },
  );
});
