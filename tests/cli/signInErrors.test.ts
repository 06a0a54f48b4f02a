import type { SignInRequest } from '../../cli/signInRequest';
import { explainSignIn } from '../../cli/signInErrors';

const TENANT = '11111111-1111-1111-1111-111111111111';
const PLACE = { authorityHost: 'https://login.example', clientId: 'app', graphBaseUrl: 'https://graph.example/v1.0' };

const explain = (error: unknown, flow: SignInRequest['flow'] = 'browser') =>
  explainSignIn(error, PLACE, { tenantId: TENANT, permission: 'Printer.Read.All', flow });
const ofEntra = (number: number, errorCode = 'invalid_grant') => ({
  errorCode,
  errorMessage: `AADSTS${number}: words of Entra about ada@contoso.com. Trace ID: 0000aaaa-11bb Correlation ID: x`,
});

describe('why a sign-in failed (identity-platform reference-error-codes)', () => {
  it.each([
    [53003, 'browser', 'blocks the sign-in', 'sign-in logs'],
    [53003, 'deviceCode', 'blocks the device code flow', 'without --device-code, on a machine with a browser'],
    [53000, 'deviceCode', 'requires a managed device', 'without --device-code'],
    [53001, 'browser', 'requires a managed device', 'Run the command on a device that the customer manages.'],
    [65001, 'browser', 'has not consented to the delegated permission Printer.Read.All', `consent-url ${TENANT}`],
    [90094, 'browser', 'has not consented to the delegated permission Printer.Read.All', `consent-url ${TENANT}`],
    [65004, 'browser', 'canceled or declined', 'again'],
    [50011, 'browser', 'redirect URI of the command line is not registered', 'http://localhost'],
    [50020, 'browser', 'does not belong to the tenant', 'private window'],
    [50034, 'deviceCode', 'does not belong to the tenant', 'private window'],
    [50105, 'browser', 'is not assigned to the app', 'Enterprise applications'],
    [90002, 'browser', 'Entra has no such tenant', 'ENTRA_AUTHORITY_HOST'],
    [7000218, 'deviceCode', 'does not allow public client flows', 'without --device-code'],
    [70019, 'deviceCode', 'not entered within 15 minutes', 'new code'],
  ] as const)('AADSTS%i by %s', (number, flow, words, remedy) => {
    const error = explain(ofEntra(number), flow);
    expect(error).toMatchObject({ code: 'signInFailed', logFields: { refusalCode: `AADSTS${number}` } });
    expect(error.problem).toMatch(
      new RegExp(`^No person signed in to tenant ${TENANT} at https://login.example \\(AADSTS${number}: .*${words}`),
    );
    expect(error.remedy).toContain(remedy);
  });

  it.each([
    ['access_denied', 'canceled or declined'],
    ['authorization_declined', 'canceled or declined'],
    ['timed_out', 'did not come back within 15 minutes'],
    ['network_error', 'did not answer'],
  ])('%s', (errorCode, words) => {
    expect(explain({ errorCode, errorMessage: '' }).problem).toContain(words);
  });

  it.each([
    ['{"error":"authorization_declined"}', 'canceled or declined'],
    ['{"error":"authorization_pending","error_codes":[70016]}', 'not entered within 15 minutes'],
    ['', 'the sign-in host did not answer'],
  ])('reads the last answer to a device code: %s', (answer, words) => {
    const request = { tenantId: TENANT, permission: 'Printer.Read.All', flow: 'deviceCode' } as const;
    expect(explainSignIn(new Error('x'), PLACE, request, answer).problem).toContain(words);
  });

  it('has the code of a refusal that it does not know, and never its text', () => {
    const error = explain(ofEntra(99999));
    expect(error.problem).toBe(`No person signed in to tenant ${TENANT} at https://login.example (AADSTS99999)`);
    expect(error.message).not.toContain('ada@contoso.com');
    expect(error.logFields).toEqual({ refusalCode: 'AADSTS99999' });
  });

  it.each([undefined, 'text', new TypeError('x')])('does not need an error of MSAL: %p', (error) => {
    const { problem, remedy } = explain(error);
    expect(problem).toBe(`No person signed in to tenant ${TENANT} at https://login.example`);
    expect(remedy).toContain('Printer.Read.All');
  });
});
