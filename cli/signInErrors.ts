import { ReceiverError } from '../shared/errors';
import { readEntraRefusal, refusalFields } from '../shared/graph/refusals';
import { isRecord } from '../shared/parse';
import type { SignInPlace } from '../shared/config';
import type { SignInRequest } from './signInRequest';

/** The error of a browser that did not come back in time. */
export const TIMED_OUT = 'timed_out';

interface Explanation {
  words: string;
  remedy: string;
}

type Explanations = Readonly<Record<string, (request: SignInRequest) => Explanation>>;

/**
 * Codes of Entra (identity-platform reference-error-codes). They may change without notice, so they choose words alone. Entra
 * shows 50011 and mostly 50020 on its page, and does not send the browser back.
 */
const EXPLANATIONS: Explanations = {
  AADSTS53003: ({ flow }) =>
    flow === 'deviceCode'
      ? {
          words: 'Conditional Access of the customer blocks the device code flow',
          remedy:
            'Run the command without --device-code, on a machine with a browser. Microsoft recommends that customers block device codes, because they are used for phishing.',
        }
      : {
          words: 'Conditional Access of the customer blocks the sign-in',
          remedy: 'The customer finds the policy in the sign-in logs of Entra.',
        },
  AADSTS53000: managedDevice,
  AADSTS53001: managedDevice,
  AADSTS65001: consentMissing,
  AADSTS90094: consentMissing,
  AADSTS700016: consentMissing,
  AADSTS65004: declined,
  AADSTS50011: () => ({
    words: 'the redirect URI of the command line is not registered',
    remedy:
      'Add http://localhost to the app registration (Authentication > Add a platform > Mobile and desktop applications).',
  }),
  AADSTS50020: otherTenant,
  AADSTS50034: otherTenant,
  AADSTS16000: otherTenant,
  AADSTS90072: otherTenant,
  AADSTS50105: () => ({
    words: 'the person is not assigned to the app',
    remedy: 'The customer assigns the person to the app in its Enterprise applications.',
  }),
  AADSTS90002: unknownTenant,
  AADSTS900023: unknownTenant,
  AADSTS7000218: () => ({
    words: 'the app registration does not allow public client flows',
    remedy:
      'Run the command without --device-code, or allow public client flows in the app registration (Authentication > Advanced settings).',
  }),
  AADSTS70019: codeExpired,
};

/** Errors without a code of Entra: of OAuth (v2-oauth2-auth-code-flow, v2-oauth2-device-code), of MSAL, and ours. */
const OTHER_EXPLANATIONS: Explanations = {
  access_denied: declined,
  authorization_declined: declined,
  expired_token: codeExpired,
  // The last answer before the code expired.
  authorization_pending: codeExpired,
  [TIMED_OUT]: () => ({
    words: 'the browser did not come back within 15 minutes',
    remedy:
      'If its page showed an error, look its code up in docs/onboarding.md ("When a step fails"). On a machine without a browser, add --device-code.',
  }),
  network_error: hostUnreachable,
  endpoints_resolution_error: hostUnreachable,
  openid_config_error: hostUnreachable,
};

/**
 * What an error of a sign-in means for the person: its code, the cause and one remedy. Never text of the answer itself.
 *
 * @param answer the last answer of the sign-in host in the device code flow; '' when none arrived
 */
export function explainSignIn(
  error: unknown,
  { authorityHost }: SignInPlace,
  request: SignInRequest,
  answer?: string,
): ReceiverError {
  const textOf = (field: string) => (isRecord(error) && typeof error[field] === 'string' ? error[field] : '');
  const said = answer ?? textOf('errorMessage');
  const { code, requestId, correlationId } = readEntraRefusal(said);
  const name = answer === '' ? 'network_error' : (/"error"\s*:\s*"(\w+)"/.exec(said)?.[1] ?? textOf('errorCode'));
  const explain = code === undefined ? OTHER_EXPLANATIONS[name] : (EXPLANATIONS[code] ?? OTHER_EXPLANATIONS[name]);
  const { words, remedy } = explain?.(request) ?? unexplained(request);
  const reason = [code, words].filter(Boolean).join(': ');
  return new ReceiverError(
    'signInFailed',
    `No person signed in to tenant ${request.tenantId} at ${authorityHost}${reason === '' ? '' : ` (${reason})`}`,
    {
      remedy,
      logFields: refusalFields({ code, requestId, correlationId }),
      cause: error,
    },
  );
}

function managedDevice({ flow }: SignInRequest): Explanation {
  const where = 'on a device that the customer manages';
  return {
    words: 'Conditional Access of the customer requires a managed device',
    remedy: `Run the command ${flow === 'deviceCode' ? `without --device-code, ${where}` : where}.`,
  };
}

function consentMissing({ tenantId, permission }: SignInRequest): Explanation {
  return {
    words: `the customer has not consented to the delegated permission ${permission}`,
    remedy: `Add ${permission} to the app registration, and have an administrator of the customer consent: tenants consent-url ${tenantId}`,
  };
}

function declined(): Explanation {
  return { words: 'the sign-in was canceled or declined', remedy: 'Run the command again.' };
}

function otherTenant(): Explanation {
  return {
    words: 'the account does not belong to the tenant',
    remedy: 'Sign in with an account of the customer, for example in a private window.',
  };
}

function unknownTenant(): Explanation {
  return {
    words: 'Entra has no such tenant',
    remedy: 'Check the tenant id (tenants list) and ENTRA_AUTHORITY_HOST.',
  };
}

function hostUnreachable(): Explanation {
  return {
    words: 'the sign-in host did not answer',
    remedy: 'Check ENTRA_AUTHORITY_HOST, and that this machine can reach it.',
  };
}

function codeExpired(): Explanation {
  return { words: 'the code was not entered within 15 minutes', remedy: 'Run the command again for a new code.' };
}

function unexplained({ permission }: SignInRequest): Explanation {
  return {
    words: '',
    remedy: `Check that the app registration has the redirect URI http://localhost (Mobile and desktop applications) and the delegated permission ${permission}, and that the customer has consented.`,
  };
}
