import { readConsent, signConsentState } from '../../../shared/consent/consentLink';
import { createTokenSigner, formatToken, verifyToken } from '../../../shared/deviceTokens/tokenText';
import { signClientState, verifyClientState, watchTag } from '../../../shared/watches/clientState';
import { CLIENT_ID, NOW, PRINTER, RING, TENANT } from './ids';

const scope = { tenantId: TENANT, clientId: CLIENT_ID };
const watch = { kind: 'jobFetchable', id: PRINTER };
const state = { tag: watchTag(watch), generation: 28_000_000 };
const tokenId = '0123456789abcdef';

/** A text that others keep and send to the app, and what it says. */
export interface IssuedSample {
  text: string;
  reads: unknown;
}

/** What this build gives to others: the clientState to Graph, tokens to devices, and consent links to administrators. */
export function writeIssued(): Record<string, IssuedSample> {
  return {
    clientState: { text: signClientState(RING, scope, state), reads: { outcome: 'valid', state, tag: state.tag } },
    deviceToken: {
      text: formatToken(createTokenSigner(RING), { tenantId: TENANT, tokenId }).text,
      reads: { tenantId: TENANT, tokenId, keyId: 'k1' },
    },
    consentState: { text: signConsentState(RING, TENANT, NOW), reads: { outcome: 'unconfirmed', tenantId: TENANT } },
  };
}

/** Reads such a text as this build does. */
export function readIssued(name: string, text: string): unknown {
  switch (name) {
    case 'clientState':
      // The tag has to name the same watch as before.
      return { ...verifyClientState(RING, scope, text), tag: watchTag(watch) };
    case 'deviceToken':
      return verifyToken(createTokenSigner(RING), text);
    case 'consentState':
      return readConsent(RING, new URLSearchParams({ state: text, admin_consent: 'True', tenant: TENANT }), NOW);
    default:
      throw new Error(`${name}: tests/support/samples/issued.ts has no reader for it`);
  }
}
