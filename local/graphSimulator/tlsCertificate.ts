import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generate } from 'selfsigned';

/** A certificate for `localhost` and the file that clients trust it by. */
interface TlsCertificate {
  key: string;
  cert: string;
  caFile: string;
  remove: () => Promise<void>;
}

/** Makes a self-signed certificate and writes its public half to a temporary file; `remove` deletes the file. */
export async function createTlsCertificate(): Promise<TlsCertificate> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // OpenSSL looks at the machine's clock while Date may be shifted, so the certificate is good on any day.
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: new Date('2049-12-31T00:00:00Z'),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'graph-simulator-'));
  const caFile = path.join(folder, 'ca.pem');
  await writeFile(caFile, made.cert);
  return {
    key: made.private,
    cert: made.cert,
    caFile,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
