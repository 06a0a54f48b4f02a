import { createPrivateKey, X509Certificate } from 'node:crypto';
import { posix, win32 } from 'node:path';
import type { Checked } from './clouds';
import type { Reader } from './reader';

const TEXT = 'ENTRA_CLIENT_CERTIFICATE';
const PATH = 'ENTRA_CLIENT_CERTIFICATE_PATH';
const CERTIFICATE_FORM = 'PEM text with the certificate and its private key';
/** Endings of files that hold certificates. Base64 has slashes too, and none of these. */
const FILE = /\.(pem|pfx|p12|crt|cer|key|txt)$/i;

/** The certificate of the app: its text, or the path of a file, which is read when the first token is requested. */
export interface CertificateConfig {
  /** PEM: certificate and private key. */
  clientCertificate?: string;
  /** Absolute. */
  clientCertificatePath?: string;
}

/** @param isNeeded whether the app signs in with it */
export function readCertificate(
  { read, need, isMissing, problems }: Reader<typeof TEXT | typeof PATH>,
  isNeeded: boolean,
): CertificateConfig {
  const clientCertificatePath = read(PATH, checkPath);
  if (!isMissing(TEXT) && !isMissing(PATH)) problems.push(`${PATH} and ${TEXT} are both set: remove one of them`);
  const form = `${CERTIFICATE_FORM}, or ${PATH} to the path of such a file`;
  const clientCertificate =
    isNeeded && isMissing(PATH)
      ? need(TEXT, form, checkCertificate, ' (GRAPH_CREDENTIAL is certificate)')
      : read(TEXT, checkCertificate);
  return {
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientCertificatePath === undefined ? {} : { clientCertificatePath }),
  };
}

function checkPath(text: string): Checked<string> {
  if (text.includes('-----BEGIN ')) return { problem: `is PEM text: set ${TEXT} to it, or this setting to a path` };
  // The working folder of the host is not the one of the command line.
  if (posix.isAbsolute(text) || win32.isAbsolute(text)) return { value: text };
  return { problem: 'is not an absolute path, such as /run/secrets/app.pem' };
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
/** Base64 in PEM has at most 64 characters a line (RFC 7468). */
const LINE = /.{1,64}/g;

/**
 * A certificate with its private key, tried by loading both. Line ends that a portal or a shell has turned into spaces or
 * into the two characters `\n` are restored.
 */
export function checkCertificate(text: string): Checked<string> {
  const blocks = [...text.matchAll(BLOCK)].map(([, label = '', body = '']) => ({
    label,
    lines: body.replace(/\\r|\\n|\s/g, '').match(LINE) ?? [],
  }));
  const pem = blocks
    .map(({ label, lines }) => `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`)
    .join('');
  const has = (kind: string) => blocks.some(({ label }) => label.endsWith(kind));
  if (blocks.length === 0 && FILE.test(text)) {
    return { problem: `names a file: set ${PATH} to its path, or this setting to ${CERTIFICATE_FORM}` };
  }
  if (blocks.length === 0) return { problem: `is not ${CERTIFICATE_FORM}` };
  if (!has('CERTIFICATE')) return { problem: 'has no certificate: add the block that begins with BEGIN CERTIFICATE' };
  if (!has('PRIVATE KEY')) return { problem: 'has no private key: add the block that begins with BEGIN PRIVATE KEY' };
  if (has('ENCRYPTED PRIVATE KEY') || text.includes('Proc-Type'))
    return { problem: 'has an encrypted private key: export it without a password' };
  try {
    const key = createPrivateKey(pem);
    return new X509Certificate(pem).checkPrivateKey(key)
      ? { value: pem }
      : { problem: 'has a private key that does not belong to its certificate' };
  } catch {
    // The message of the parser may quote its input.
    return { problem: 'cannot be read: export certificate and private key as PEM again' };
  }
}
