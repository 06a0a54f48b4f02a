import { webcrypto } from 'node:crypto';

/** RSA of 2048 bits with SHA-256, as in microsoftgraph/universalprint-samples (Helpers/Crypto.cs). */
const ALGORITHM = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/**
 * A certificate request for a printer, signed with a new key. The private key is discarded: it would let a device sign in as
 * the printer, and a virtual printer has none. `@peculiar/x509` writes the request, because node:crypto cannot.
 *
 * @returns the request as DER and the public key as SubjectPublicKeyInfo, both base64
 */
export async function makeCertificateRequest(): Promise<{ content: string; transportKey: string }> {
  const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=Virtual printer', keys, signingAlgorithm: ALGORITHM },
    webcrypto,
  );
  const publicKey = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return { content: toBase64(request.rawData), transportKey: toBase64(publicKey) };
}

function toBase64(bytes: ArrayBuffer): string {
  return Buffer.from(bytes).toString('base64');
}
