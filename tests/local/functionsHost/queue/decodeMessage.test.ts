import { decodeMessage } from '../../../../local/functionsHost/queue/decodeMessage';

// QueuesOptions.cs: messageEncoding base64 or none.
test('base64 is decoded, with white space as .NET takes it', () => {
  expect(decodeMessage('aMOpbGxv', 'base64')).toBe('héllo');
  expect(decodeMessage(' aMOp\r\nbGxv ', 'base64')).toBe('héllo');
  expect(decodeMessage('', 'base64')).toBe('');
});

test.each(['{"a":1}', 'abc', 'ab=c', 'aMOpbGxv='])('%s is not base64', (body) => {
  expect(decodeMessage(body, 'base64')).toBeUndefined();
});

test('none takes the body as it is', () => {
  expect(decodeMessage('aMOpbGxv', 'none')).toBe('aMOpbGxv');
});
