import type { DeliveryItem } from './deliveryTypes';
import type { SigningKeys } from './signingKeys';
import { mintValidationToken, parseDefects } from './validationTokens';
import type { Variants } from './variants';

/** Gives the validationTokens of a POST: one for each pair of app and tenant in it, or undefined when switched off. */
export function createTokenSource(deps: {
  keys: SigningKeys;
  now: () => number;
  variants: Variants;
}): (items: readonly DeliveryItem[]) => Promise<string[] | undefined> {
  return async (items) => {
    const form = deps.variants.validationTokens;
    if (form === 'none') return undefined;
    const names = deps.variants.validationTokenDefects.split(',').filter((name) => name !== '');
    const defects = parseDefects(names);
    const pairs = new Map(
      items.map(({ tenantId, appId }) => [`${tenantId} ${appId}`, { tenantId, appId }] as const),
    );
    return Promise.all(
      [...pairs.values()].map((pair) => mintValidationToken(deps, { ...pair, form, defects })),
    );
  };
}
