import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Checked } from './clouds';

export const CERTIFICATE_FORM = 'PEM text with the certificate and its private key';

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
  if (!has('CERTIFICATE') || !has('PRIVATE KEY')) return { problem: `is not ${CERTIFICATE_FORM}` };
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
