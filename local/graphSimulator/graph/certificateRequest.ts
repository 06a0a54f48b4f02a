import { createPublicKey, verify } from 'node:crypto';

const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

interface Element {
  tag: number;
  /** The element with its tag and length. */
  whole: Buffer;
  content: Buffer;
}

/**
 * Whether a text is a base64-encoded PKCS #10 certificate request (resources/printcertificatesigningrequest.md) that its own
 * key has signed with SHA-256 (RFC 2986, section 4).
 */
export function isCertificateRequest(text: string): boolean {
  const der = Buffer.from(text, 'base64');
  if (der.toString('base64') !== text) return false;
  try {
    const [request, ...rest] = elementsOf(der);
    if (request?.tag !== SEQUENCE || rest.length > 0) return false;
    const [info, , signature] = elementsOf(request.content);
    if (info?.tag !== SEQUENCE || signature?.tag !== BIT_STRING) return false;
    // Version, subject, key, attributes (RFC 2986, section 4.1).
    const key = elementsOf(info.content)[2];
    if (key === undefined) return false;
    const publicKey = createPublicKey({ key: key.whole, format: 'der', type: 'spki' });
    // The first byte of a BIT STRING counts its unused bits.
    return verify('sha256', info.whole, publicKey, signature.content.subarray(1));
  } catch {
    return false;
  }
}

/** The DER elements that follow one another (X.690, section 8.1). Throws a RangeError when one is cut off. */
function elementsOf(der: Buffer): Element[] {
  const elements: Element[] = [];
  for (let start = 0; start < der.length;) {
    const first = der.readUInt8(start + 1);
    const lengthBytes = first < 0x80 ? 0 : first - 0x80;
    const length = lengthBytes === 0 ? first : der.readUIntBE(start + 2, lengthBytes);
    const from = start + 2 + lengthBytes;
    const end = from + length;
    if (end > der.length) throw new RangeError('The element is cut off.');
    elements.push({ tag: der.readUInt8(start), whole: der.subarray(start, end), content: der.subarray(from, end) });
    start = end;
  }
  return elements;
}
