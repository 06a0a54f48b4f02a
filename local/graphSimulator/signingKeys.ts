import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { randomUUID } from 'node:crypto';

/** The signing keys of the simulated sign-in service. */
export interface SigningKeys {
  publicKey: CryptoKey;
  jwks: { keys: JWK[] };
  sign: (claims: JWTPayload) => Promise<string>;
  /** Signs with a key that is not in the key set but claims the same key id. */
  signWrongly: (claims: JWTPayload) => Promise<string>;
}

/** Makes a fresh RS256 key pair (and a second, unpublished one for forged tokens). */
export async function createSigningKeys(): Promise<SigningKeys> {
  const own = await generateKeyPair('RS256');
  let foreign: ReturnType<typeof generateKeyPair> | undefined;
  const kid = randomUUID().replaceAll('-', '');
  const signWith = (key: CryptoKey) => (claims: JWTPayload) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(key);
  return {
    publicKey: own.publicKey,
    jwks: { keys: [{ ...(await exportJWK(own.publicKey)), kid, use: 'sig', alg: 'RS256' }] },
    sign: signWith(own.privateKey),
    signWrongly: async (claims) => {
      // Made on first use: few runs want one, and a key pair takes long to find.
      foreign ??= generateKeyPair('RS256');
      return signWith((await foreign).privateKey)(claims);
    },
  };
}
