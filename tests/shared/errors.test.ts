import fc from 'fast-check';
import { errorFields, ReceiverError } from '../../shared/errors';

it('an error of this product is logged with code, message and whether it is retryable', () => {
  const error = new ReceiverError('configInvalid', 'CLIENT_STATE_KEYS is missing', {
    cause: new Error('inner'),
  });
  expect(error).toBeInstanceOf(Error);
  expect(error.cause).toEqual(new Error('inner'));
  expect(errorFields(error)).toEqual({
    error: 'ReceiverError',
    code: 'configInvalid',
    message: 'CLIENT_STATE_KEYS is missing. Correct the settings, then restart.',
    retryable: false,
  });
});

it('an unknown error is logged by name, code, status and the place it came from', () => {
  const error = Object.assign(new TypeError('x'), { code: 'ECONNREFUSED', statusCode: 503 });
  const fields = errorFields(error);
  expect(fields).toMatchObject({ error: 'TypeError', code: 'ECONNREFUSED', status: 503 });
  expect(fields['at']).toMatch(/errors\.test/);
  expect(fields['at']).not.toContain(process.cwd());
  expect(errorFields(Object.assign(new Error('x'), { status: 404 }))).toMatchObject({ status: 404 });
});

it('omits codes and statuses of other types, and a missing stack', () => {
  const error = Object.assign(new Error('x'), { code: { a: 1 }, status: '404', statusCode: null });
  delete error.stack;
  expect(errorFields(error)).toEqual({ error: 'Error' });
});

it.each([
  ['text', 'string'],
  [undefined, 'undefined'],
  [null, 'object'],
  [7, 'number'],
])('a thrown %p is logged by its type alone', (thrown, type) => {
  expect(errorFields(thrown)).toEqual({ error: type });
});

it('never quotes the message of an unknown error', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{16,40}$/), fc.string(), (secret, around) => {
      const messages = [`${around}${secret}`, `${secret}\n    at ${secret} (${secret}/x.js:1:1)\n`, secret];
      for (const message of messages) {
        expect(JSON.stringify(errorFields(new SyntaxError(message)))).not.toContain(secret);
      }
    }),
  );
});
