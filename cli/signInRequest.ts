import type { SignInPlace } from '../shared/config';

/** Who signs in, how, and for what. */
export interface SignInRequest {
  tenantId: string;
  /** A delegated permission of Microsoft Graph, e.g. `Printer.Read.All`. */
  permission: string;
  flow: 'browser' | 'deviceCode';
}

/** Shows the person what to do. Neither is waited for. */
export interface SignInPrompts {
  /** Opens this address in a browser of this machine. */
  browser: (address: string) => void;
  /** A code to enter on a page, on any machine. */
  deviceCode: (prompt: { verificationUri: string; userCode: string }) => void;
}

/**
 * Signs a person in with the app registration of the settings.
 *
 * @returns an access token for Graph, which is valid for about an hour and kept in memory only
 * @throws ReceiverError `signInFailed`, after 15 minutes at the latest
 */
export type SignIn = (place: SignInPlace, request: SignInRequest, prompts: SignInPrompts) => Promise<string>;
