import { Option } from 'commander';
import type { SignInPlace } from '../shared/config';
import { ReceiverError } from '../shared/errors';
import type { CallGraph } from '../shared/graph/client';
import { isRecord } from '../shared/parse';
import type { CliContext } from './context';
import type { SignInPrompts } from './signInRequest';

/** The option of every verb that signs a person in. */
export interface SignInOptions {
  deviceCode?: true;
}

/** `--device-code`, in the same words for every verb that signs a person in. */
export function deviceCodeOption(): Option {
  return new Option('--device-code', 'sign in by a code on another device, from a machine without a browser');
}

/** Part of the help of every verb that signs a person in. */
export const SIGN_IN_HELP = `
A Printer Administrator of the tenant signs in, because Graph accepts these calls from no app. A browser opens on this machine
(the program in BROWSER, where it is set). The app registration must have the redirect URI http://localhost of the platform
"Mobile and desktop applications", and the delegated permissions Printer.Read.All and Printer.ReadWrite.All.

--device-code shows a code to enter on another device instead. The app registration must then allow public client flows
(Authentication > Advanced settings). The risk: anyone can start such a sign-in to your app and send the code to other
people. Anyone who enters it gives the sender their own access. Many customers block device codes for this reason
(AADSTS53003). Never enter a code that you did not request.`;

/** Graph as a Printer Administrator. Prints on stderr where to sign in, and waits until that has happened. */
export async function openAdministratorGraph(
  context: CliContext,
  tenantId: string,
  permission: string,
  options: SignInOptions,
): Promise<CallGraph> {
  const services = await context.services();
  const config = await services.config();
  return services.userGraph(config, () => signInAt(context, config, { tenantId, permission }, options));
}

/** The same at a place that comes from elsewhere than the settings, of which none are needed. */
export function openAdministratorGraphAt(
  context: CliContext,
  place: SignInPlace,
  request: { tenantId: string; permission: string },
  options: SignInOptions,
): Promise<CallGraph> {
  return context.withoutSettings().userGraph(place, () => signInAt(context, place, request, options));
}

/** @returns the token of the person */
async function signInAt(
  { terminal, openBrowser, signIn }: CliContext,
  place: SignInPlace,
  { tenantId, permission }: { tenantId: string; permission: string },
  { deviceCode }: SignInOptions,
): Promise<string> {
  const who = `as a Printer Administrator of tenant ${tenantId}`;
  const flow = deviceCode ? 'deviceCode' : 'browser';
  const prompts: SignInPrompts = {
    browser: (address) => {
      terminal.note(
        `Sign in ${who}. A browser opens on this machine. If it does not, open this address in it:`,
        address,
      );
      void openBrowser(address, () =>
        terminal.warn(
          'No browser could be opened. Open the address above on this machine, or repeat the command with --device-code.',
        ),
      );
    },
    deviceCode: ({ verificationUri, userCode }) =>
      terminal.note(`Open ${verificationUri} and enter the code ${userCode}, ${who}.`),
  };
  const token = await signIn(place, { tenantId, permission, flow }, prompts);
  requireTenant(token, tenantId);
  return token;
}

/**
 * Graph acts in the tenant that its token names, whatever the command was about. A token that cannot be read passes: its form
 * is Entra's own affair (identity-platform access-tokens).
 *
 * @throws ReceiverError `signInFailed`
 */
function requireTenant(token: string, tenantId: string): void {
  const tid = tenantOf(token);
  if (tid === undefined || tid === tenantId) return;
  throw new ReceiverError(
    'signInFailed',
    `The person signed in to tenant ${tid}, and this is about tenant ${tenantId}`,
    {
      remedy: 'Sign in with an account of that tenant, for example in a private window.',
    },
  );
}

function tenantOf(token: string): string | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const tid = isRecord(claims) ? claims['tid'] : undefined;
    return typeof tid === 'string' ? tid.toLowerCase() : undefined;
  } catch {
    return undefined;
  }
}
