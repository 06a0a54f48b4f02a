import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { generate } from 'selfsigned';

// concepts/change-notifications-with-resource-data.md: the app id of Microsoft Graph Change Tracking.
const CHANGE_TRACKING_APP_ID = '0bf30f3b-4a52-48df-9a82-234910c4a086';

/** Lifetime of every token (identity-platform v2-oauth2-client-creds-grant-flow: the sample answer). */
export const LIFETIME_SECONDS = 3599;

/** The signing key of the simulated sign-in service. */
export type SigningKeys = Awaited<ReturnType<typeof createSigningKeys>>;

/** Makes a fresh RS256 key pair. */
export async function createSigningKeys() {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const kid = randomUUID().replaceAll('-', '');
  return {
    publicKey,
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' }] },
    sign: (claims: JWTPayload): Promise<string> =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(privateKey),
  };
}

/**
 * Makes the validationTokens of a POST, one for each pair of app and tenant in it
 * (concepts/change-notifications-with-resource-data.md). Gives undefined when the variant is `none`.
 */
export async function makeValidationTokens(
  keys: Pick<SigningKeys, 'sign'>,
  form: 'none' | 'v1' | 'v2',
  now: number,
  items: readonly { tenantId: string; appId: string }[],
): Promise<string[] | undefined> {
  if (form === 'none') return undefined;
  const pairs = new Map(items.map((item) => [`${item.tenantId} ${item.appId}`, item]));
  return Promise.all(
    [...pairs.values()].map(({ tenantId: tid, appId: aud }) =>
      keys.sign({
        ...{ aud, tid, sub: randomUUID(), ...lifetimeFrom(now) },
        ...(form === 'v1'
          ? { ver: '1.0', iss: `https://sts.windows.net/${tid}/`, appid: CHANGE_TRACKING_APP_ID }
          : { ver: '2.0', iss: `https://login.microsoftonline.com/${tid}/v2.0`, azp: CHANGE_TRACKING_APP_ID }),
      }),
    ),
  );
}

/** The claims that limit a token to LIFETIME_SECONDS from now. */
export function lifetimeFrom(now: number) {
  const seconds = Math.floor(now / 1000);
  return { iat: seconds, nbf: seconds, exp: seconds + LIFETIME_SECONDS };
}

/** Makes a self-signed certificate and writes its public half to a temporary file; `remove` deletes the file. */
export async function createTlsCertificate() {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    // OpenSSL uses the machine's clock while Date may be shifted, so the certificate is valid on any day.
    notBeforeDate: new Date('2020-01-01T00:00:00Z'),
    notAfterDate: new Date('2049-12-31T00:00:00Z'),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'graph-simulator-'));
  const caFile = path.join(folder, 'ca.pem');
  await writeFile(caFile, made.cert);
  return { key: made.private, cert: made.cert, caFile, remove: () => rm(folder, { recursive: true, force: true }) };
}
