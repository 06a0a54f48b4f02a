import { decodeMessage, toMessageMetadata } from '../../../../local/functionsHost/queue/messageData';

const message = {
  messageId: 'real-id',
  popReceipt: 'receipt',
  messageText: 'ignored',
  dequeueCount: 2,
  insertedOn: new Date('2026-01-01T00:00:00Z'),
  expiresOn: new Date('2026-01-08T00:00:00Z'),
  nextVisibleOn: new Date('2026-01-01T00:10:00Z'),
};

// GrpcMessageConversionExtensions.cs: POCO, number and date metadata as json; QueueTriggerBinding.cs: the names.
test('built-ins have the documented names and shapes', () => {
  expect(toMessageMetadata(message, 'plain')).toEqual({
    QueueTrigger: { string: 'plain' },
    DequeueCount: { json: '2' },
    ExpirationTime: { json: '"2026-01-08T00:00:00+00:00"' },
    Id: { string: 'real-id' },
    InsertionTime: { json: '"2026-01-01T00:00:00+00:00"' },
    NextVisibleTime: { json: '"2026-01-01T00:10:00+00:00"' },
    PopReceipt: { string: 'receipt' },
  });
});

// Utility.ApplyBindingData and ConvertPropertyValue of azure-functions-host.
test('a top-level property hides the built-in of that name, whatever its case', () => {
  const metadata = toMessageMetadata(message, '{"id":"mine","DEQUEUECOUNT":9,"flag":true}');
  expect(metadata).toMatchObject({
    Id: { string: 'mine' },
    DequeueCount: { string: '9' },
    flag: { string: 'True' },
  });
  expect(metadata).not.toHaveProperty('id');
});

test('arrays, nulls and nested names hide nothing', () => {
  expect(toMessageMetadata(message, '{"id":[1],"popReceipt":null,"event":{"id":"x"}}')).toMatchObject({
    Id: { string: 'real-id' },
    PopReceipt: { string: 'receipt' },
    event: { json: '{"id":"x"}' },
  });
  expect(toMessageMetadata(message, '["id"]')).toMatchObject({ Id: { string: 'real-id' } });
});

// QueuesOptions.cs: messageEncoding base64 or none.
test('base64 is decoded, with white space as .NET takes it', () => {
  expect(decodeMessage('aMOpbGxv', 'base64')).toEqual({ text: 'héllo' });
  expect(decodeMessage(' aMOp\r\nbGxv ', 'base64')).toEqual({ text: 'héllo' });
  expect(decodeMessage('', 'base64')).toEqual({ text: '' });
});

test.each(['{"a":1}', 'abc', 'ab=c', 'aMOpbGxv='])('%s is not base64', (body) => {
  expect(decodeMessage(body, 'base64')).toEqual({ problem: 'not base64' });
});

test('none takes the body as it is', () => {
  expect(decodeMessage('aMOpbGxv', 'none')).toEqual({ text: 'aMOpbGxv' });
});
