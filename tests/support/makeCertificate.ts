import { generate } from 'selfsigned';

/** A new self-signed certificate and its private key, each as PEM that ends with a new line. */
export async function makeCertificate(): Promise<{ certificate: string; key: string }> {
  const made = await generate([{ name: 'commonName', value: 'test' }], { keyType: 'ec', algorithm: 'sha256' });
  const text = (pem: string) => `${pem.replaceAll('\r\n', '\n').trim()}\n`;
  return { certificate: text(made.cert), key: text(made.private) };
}
