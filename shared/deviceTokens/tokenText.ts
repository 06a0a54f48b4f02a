import type { KeyRing } from '../config';
import { createTextSigner, keyIdOf, type TextSigner } from '../settings/signatures';

/** What a token says once its signature is valid. */
export interface TokenClaims {
  tenantId: string;
  tokenId: string;
  keyId: string;
}

/** Version, tenant, id of the token, signature. The prefix lets a secret scanner recognize a leaked token. */
const FORM = /^(uprd1\.([0-9a-f-]{36})\.([0-9a-f]{16}))\.([A-Za-z0-9_-]{1,16}\.[A-Za-z0-9_-]{43})$/;

/** Signs the tokens of devices, and nothing else. */
export function createTokenSigner(ring: KeyRing): TextSigner {
  return createTextSigner(ring, 'device token');
}

/** The text of a token, which its device keeps as a secret, and the id of the key that signed it. */
export function formatToken(
  signer: TextSigner,
  { tenantId, tokenId }: Pick<TokenClaims, 'tenantId' | 'tokenId'>,
): { text: string; keyId: string } {
  const claims = `uprd1.${tenantId}.${tokenId}`;
  const signature = signer.sign(claims);
  return { text: `${claims}.${signature}`, keyId: keyIdOf(signature) ?? '' };
}

/** What the token says. Undefined when it was not signed with a key of the ring. */
export function verifyToken(signer: TextSigner, text: string): TokenClaims | undefined {
  const [, claims = '', tenantId = '', tokenId = '', signature = ''] = FORM.exec(text) ?? [];
  if (signer.check(claims, signature) !== 'valid') return undefined;
  return { tenantId, tokenId, keyId: keyIdOf(signature) ?? '' };
}
