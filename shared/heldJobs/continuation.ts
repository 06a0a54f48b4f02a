import type { KeyRing } from '../config';
import { createTextSigner, type TextSigner } from '../settings/signatures';

/** Base64url of a RowKey of at most 1 KiB, and its signature. */
export const MOST_CONTINUATION = 1_500;

/** The search that a continuation belongs to. */
export interface SearchScope {
  tenantId: string;
  user?: string | undefined;
  printer?: string | undefined;
}

/** Signs continuations, and nothing else. */
export function createContinuationSigner(ring: KeyRing): TextSigner {
  return createTextSigner(ring, 'continuation');
}

/**
 * A continuation holds the RowKey of the last index row that was read, and nothing else. The signature covers the search,
 * so it continues no other one: in particular none of another tenant or user.
 */
export function formatContinuation(signer: TextSigner, scope: SearchScope, indexKey: string): string {
  return `${Buffer.from(indexKey).toString('base64url')}.${signer.sign(signedText(scope, indexKey))}`;
}

/** The RowKey in a continuation. Undefined when it was not signed for this search. */
export function readContinuation(signer: TextSigner, scope: SearchScope, text: string): string | undefined {
  const [, encoded = '', signature = ''] = /^([A-Za-z0-9_-]+)\.(.+)$/.exec(text) ?? [];
  const indexKey = Buffer.from(encoded, 'base64url').toString();
  return signer.check(signedText(scope, indexKey), signature) === 'valid' ? indexKey : undefined;
}

function signedText({ tenantId, user = '', printer = '' }: SearchScope, indexKey: string): string {
  return JSON.stringify([tenantId, user.toLowerCase(), printer, indexKey]);
}
