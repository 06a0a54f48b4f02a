import { randomUUID } from 'node:crypto';
import { invalidInput } from './readFields';
import type { SigningKeys } from './signingKeys';

// concepts/change-notifications-with-resource-data.md: the app id of Microsoft Graph Change Tracking.
const CHANGE_TRACKING_APP_ID = '0bf30f3b-4a52-48df-9a82-234910c4a086';
const WRONG_ID = '11111111-2222-4333-8444-555555555555';

/** What can be wrong with a validation token. */
const tokenDefects = ['audience', 'appid', 'expired', 'tenant', 'signature'] as const;
export type TokenDefect = (typeof tokenDefects)[number];

/** Reads defect names; throws INVALID_INPUT for an unknown one. */
export function parseDefects(names: readonly string[]): Set<TokenDefect> {
  return new Set(
    names.map((name) => {
      const defect = tokenDefects.find((known) => known === name);
      if (!defect) throw invalidInput(`Unknown defect '${name}'. Known: ${tokenDefects.join(', ')}.`);
      return defect;
    }),
  );
}

/** Signs a validation token of the v1.0 or v2.0 form. `now` in milliseconds. */
export function mintValidationToken(
  deps: { keys: SigningKeys; now: () => number },
  order: { tenantId: string; appId: string; form: 'v1' | 'v2'; defects: ReadonlySet<TokenDefect> },
): Promise<string> {
  const { form, defects } = order;
  const seconds = Math.floor(deps.now() / 1000);
  const tenantId = defects.has('tenant') ? WRONG_ID : order.tenantId;
  const caller = defects.has('appid') ? WRONG_ID : CHANGE_TRACKING_APP_ID;
  const issued = defects.has('expired') ? seconds - 7200 : seconds;
  const claims = {
    aud: defects.has('audience') ? WRONG_ID : order.appId,
    iss:
      form === 'v1'
        ? `https://sts.windows.net/${tenantId}/`
        : `https://login.microsoftonline.com/${tenantId}/v2.0`,
    iat: issued,
    nbf: issued,
    exp: issued + 3599,
    tid: tenantId,
    sub: randomUUID(),
    ver: form === 'v1' ? '1.0' : '2.0',
    ...(form === 'v1' ? { appid: caller } : { azp: caller }),
  };
  return defects.has('signature') ? deps.keys.signWrongly(claims) : deps.keys.sign(claims);
}
