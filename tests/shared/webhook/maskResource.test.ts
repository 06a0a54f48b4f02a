import fc from 'fast-check';
import { maskResource } from '../../../shared/webhook/verify';

it.each([
  ['print/printers/5f2c/jobs/5182', 'print/printers/{id}/jobs/{id}'],
  ["/print/taskDefinitions('5f2c')/tasks('1')", "/print/taskDefinitions('{id}')/tasks('{id}')"],
  ['users/somebody@example.com/messages/AAMk', '{id}/{id}/{id}/{id}'],
  ['print/printers/5f2c/jobs?token=abc', 'print/printers/{id}/{id}'],
  ['', ''],
  [undefined, '(undefined)'],
  [null, '(null)'],
  [['print'], '(object)'],
])('%p becomes %p', (resource, shape) => {
  expect(maskResource(resource)).toBe(shape);
});

it('never reveals ids between the words, and is at most 200 characters long (contract of `shape`)', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9+=_.-]{12,40}$/), fc.string(), (secret, rest) => {
      const shape = maskResource(`print/printers/${secret}/jobs/${secret}${rest}`);
      expect(shape).not.toContain(secret);
      expect(shape.length).toBeLessThanOrEqual(200);
    }),
  );
  expect(maskResource('print/'.repeat(100_000))).toHaveLength(200);
});
