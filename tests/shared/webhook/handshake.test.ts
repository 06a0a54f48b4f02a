import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { answerHandshake, MAX_TOKEN_BYTES } from '../../../shared/webhook/handshake';

/** Expected by concepts/change-notifications-delivery-webhooks.md: 200, text/plain, the decoded token. */
const ok = (body: string) => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff' },
  body,
});
const refused = { status: 400, headers: { 'X-Content-Type-Options': 'nosniff' } };

it('answers with the token that Graph is known to send', () => {
  const token =
    'Validation: Testing client application reachability for subscription Request-Id: 4b1f3c1e-0000-4000-8000-0123456789ab';
  expect(answerHandshake(token)).toEqual(ok(token));
});

it('answers with 1,000 random tokens byte for byte', () => {
  for (let n = 0; n < 1000; n += 1) {
    const token = madeUpToken(n);
    const answer = answerHandshake(token);
    expect(answer).toEqual(ok(token));
    expect(Buffer.from(answer.body ?? '').equals(Buffer.from(token))).toBe(true);
  }
});

it('leaves markup as it is: text/plain and nosniff keep it harmless', () => {
  expect(answerHandshake('<script>alert(1)</script>')).toEqual(ok('<script>alert(1)</script>'));
});

it('takes a token of 8 KiB and refuses one byte more', () => {
  expect(answerHandshake('x'.repeat(MAX_TOKEN_BYTES)).status).toBe(200);
  expect(answerHandshake('x'.repeat(MAX_TOKEN_BYTES + 1))).toEqual(refused);
  expect(answerHandshake('é'.repeat(MAX_TOKEN_BYTES / 2 + 1))).toEqual(refused);
});

it('refuses an empty token, which Graph never sends', () => {
  expect(answerHandshake('')).toEqual(refused);
});

function madeUpToken(n: number): string {
  const alphabets = ['ab01-._~', ' +%&=?#/\\"\'<>', 'äßñ漢字🖨', '\t\r\n\u0000\u2028'];
  const alphabet = [...(alphabets[n % alphabets.length] ?? ''), ...randomUUID()];
  return Array.from(randomBytes(randomInt(1, 200)), (byte) => alphabet[byte % alphabet.length]).join('');
}
