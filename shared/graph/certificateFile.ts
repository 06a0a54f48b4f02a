import { readFile } from 'node:fs/promises';
import { ReceiverError } from '../errors';
import { isRecord } from '../parse';
import { checkCertificate, type CertificateConfig } from '../settings/certificate';

const SETTING = 'ENTRA_CLIENT_CERTIFICATE_PATH';
const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'names a file that does not exist',
  EACCES: 'names a file that this process may not read',
  EISDIR: 'names a folder',
};

/**
 * The certificate of the settings as PEM. A file is read for each new credential, so that a renewed file needs no restart.
 *
 * @throws ReceiverError `tokenUnavailable`: a secret may be mounted after the start of the app
 */
export async function readCertificateFile(config: CertificateConfig): Promise<string> {
  const { clientCertificate = '', clientCertificatePath } = config;
  if (clientCertificatePath === undefined) return clientCertificate;
  const checked = checkCertificate(await readText(clientCertificatePath));
  if ('value' in checked) return checked.value;
  throw unusable(`names a file that ${checked.problem}`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = isRecord(error) && typeof error['code'] === 'string' ? error['code'] : 'unknown error';
    throw unusable(FILE_ERRORS[code] ?? `names a file that cannot be read (${code})`);
  }
}

function unusable(problem: string): ReceiverError {
  return new ReceiverError('tokenUnavailable', `No token was requested: ${SETTING} ${problem}`, {
    remedy: `Set ${SETTING} to a file with the certificate and its private key as PEM.`,
  });
}
