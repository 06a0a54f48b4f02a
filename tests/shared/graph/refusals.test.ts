import { errorFields } from '../../../shared/errors';
import { toGraphError } from '../../../shared/graph/errors';
import { describeRefusal, readEntraRefusal, readGraphRefusal } from '../../../shared/graph/refusals';
import { readCase, type CaseAnswer } from '../../support/readCase';

const CALL = { method: 'POST', path: '/subscriptions', permission: 'Printer.Read.All' };
const reasonOf = (code: string, message: string) =>
  readGraphRefusal(JSON.stringify({ error: { code, message } }), {}).reason?.name;

// Public reports; facts of the delivery page for the validation.
it.each([
  ['ExtensionError', 'Maximum number of subscriptions has been reached', 'quota'],
  ['InvalidRequest', 'Subscription validation request timed out.', 'urlTimedOut'],
  ['ValidationError', "Subscription validation request failed. HTTP status code is 'Forbidden'.", 'urlRefused'],
  ['InvalidRequest', 'Response must exactly match validationToken query parameter. NotificationUrl', 'urlRefused'],
  ['AccessDenied', 'Access has been blocked by Conditional Access policies.', 'policy'],
  ['Forbidden', 'The tenant has no valid Universal Print license.', 'licence'],
  ['InvalidAuthenticationToken', 'Lifetime validation failed, the token is expired.', 'clock'],
  [
    'Authorization_IdentityNotFound',
    'The identity of the calling application could not be established.',
    'notInstalled',
  ],
  ['Authorization_IdentityDisabled', 'The identity is disabled.', 'appDisabled'],
  ['Forbidden', 'Insufficient privileges', undefined],
])('%s "%s" is %p', (code, message, reason) => {
  expect(reasonOf(code, message)).toBe(reason);
});

it('takes the words of a page that is not an error of Graph for nothing', () => {
  expect(readGraphRefusal('<p>License expired, quota reached</p>', {})).toEqual({});
});

it('takes the ids of an error from its body where the headers have none, as in a part of a $batch', () => {
  const innerError = { 'request-id': 'r-1', 'client-request-id': 'c-1' };
  const body = JSON.stringify({ error: { code: 'Forbidden', message: 'words', innerError } });
  expect(describeRefusal(readGraphRefusal(body, {}))).toBe('Forbidden, request id r-1, correlation id c-1');
  const error = toGraphError(CALL, { status: 403, headers: {}, body }, 0);
  expect(error.logFields).toEqual({ refusalCode: 'Forbidden', requestId: 'r-1', correlationId: 'c-1' });
  expect(error.message).toMatch(
    /^Graph returned 403 \(Forbidden, request id r-1, .*Grant the app .*Printer\.Read\.All/,
  );
});

describe('the words of Graph', () => {
  const errorOf = (body: string) => toGraphError(CALL, { status: 400, headers: {}, body }, 0);
  const withMessage = (message: unknown) => errorOf(JSON.stringify({ error: { code: 'ExtensionError', message } }));

  it('are kept for a person, and stand in no message and no field of the log', () => {
    const error = withMessage(" Operation: Create; Exception: 'print/printers/x' was not found. ");
    expect(error.said).toBe("Operation: Create; Exception: 'print/printers/x' was not found.");
    expect(error.message).not.toContain('was not found');
    expect(JSON.stringify(errorFields(error))).not.toContain('was not found');
  });

  it('are shortened, and absent where Graph gave none', () => {
    expect(withMessage('x'.repeat(400)).said).toBe(`${'x'.repeat(300)}…`);
    for (const message of ['', '  ', 7, null]) expect(withMessage(message).said).toBeUndefined();
    for (const body of ['', '<p>Forbidden</p>', '[]', '{"error":"words"}']) expect(errorOf(body).said).toBeUndefined();
  });
});

it('repeats no id of another form', () => {
  const headers = { 'request-id': 'x\u001b[2J', 'client-request-id': 'y'.repeat(65) };
  expect(readGraphRefusal('', headers)).toEqual({});
});

// identity-platform/reference-error-codes.md
describe('Entra (16)', () => {
  const answers = readCase<{ status: number; error: string; description: string }[]>('16-entra-codes.json');
  const reasons = ['clock', 'secretExpired', 'notInstalled', 'policy', 'appDisabled'];

  it.each(answers.map((answer, index) => [answer, reasons[index]] as const))('%j is %s', (answer, reason) => {
    const { error, description } = answer;
    const text = JSON.stringify({ error, error_description: `${description}: words of Entra.\r\nTrace ID: x` });
    expect(readEntraRefusal(text)).toMatchObject({ code: description, reason: { name: reason } });
  });

  it('names an unknown code with its ids, and reads the code from the list too', () => {
    const ids = { trace_id: 't-1', correlation_id: 'c-1' };
    const text = JSON.stringify({ error: 'invalid_request', error_codes: [9999901], ...ids });
    expect(describeRefusal(readEntraRefusal(text))).toBe('AADSTS9999901, request id t-1, correlation id c-1');
    expect(readEntraRefusal('<html>')).toEqual({});
  });
});

it('every case of a create says why', () => {
  for (const { error } of readCase<CaseAnswer[]>('13-create-refusal-words.json')) {
    expect(reasonOf(error.code, error.message)).toBeDefined();
  }
});
