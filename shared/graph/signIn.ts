import type { DeviceCodeCredentialOptions } from '@azure/identity';
import type { Config } from '../config';
import { ReceiverError } from '../errors';
import { KNOWN_AUTHORITIES, type GetToken } from './tokens';

/** What the person has to do: open the page and enter the code. */
export interface SignInPrompt {
  verificationUri: string;
  userCode: string;
}

export interface SignInOptions {
  /** A delegated permission of Microsoft Graph, e.g. `Printer.Read.All`. */
  permission: string;
  /** Tells the person what to do; nothing waits for it. */
  prompt: (prompt: SignInPrompt) => void;
}

/**
 * Tokens of a person who signs in by device code with the app registration of the settings; the person has as long as
 * Entra lets the code live (15 minutes). The registration must allow public client flows.
 *
 * @returns a function that rejects with ReceiverError `signInFailed`
 */
export function createSignIn(config: Config, options: SignInOptions): GetToken {
  const { authorityHost, clientId, graphBaseUrl } = config;
  const scope = `${new URL(graphBaseUrl).origin}/${options.permission}`;
  return async (tenantId) => {
    const { DeviceCodeCredential } = await import('@azure/identity');
    const settings: DeviceCodeCredentialOptions = {
      tenantId,
      clientId,
      authorityHost,
      disableInstanceDiscovery: !KNOWN_AUTHORITIES.has(authorityHost),
      userPromptCallback: ({ verificationUri, userCode }) => options.prompt({ verificationUri, userCode }),
    };
    try {
      return (await new DeviceCodeCredential(settings).getToken(scope)).token;
    } catch (cause) {
      throw new ReceiverError(
        'signInFailed',
        'Nobody was signed in: allow public client flows in the app registration (Authentication), have the delegated permission ' +
          `${options.permission} consented to, and enter the code within 15 minutes; check ENTRA_AUTHORITY_HOST if no code appeared`,
        { cause },
      );
    }
  };
}
