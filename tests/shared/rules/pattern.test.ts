import fc from 'fast-check';
import { matchesPattern, type Characters } from '../../../shared/rules/pattern';

test.each([
  ['abc', 'abc', true],
  ['abc', 'abcd', false],
  ['abc', 'ab', false],
  ['*', '', true],
  ['*', 'anything', true],
  ['**', 'x', true],
  ['*@contoso.com', 'ada@contoso.com', true],
  ['*@contoso.com', 'ada@contoso.com.evil', false],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['*ab*ab*', 'abab', true],
  ['*ab*ab*', 'aba', false],
  ['*aab*', 'aaab', true],
  ['a.c', 'abc', false],
  ['[a-z]', 'b', false],
])('%s on %s: %s', (pattern, text, expected) => {
  expect(matchesPattern(pattern, text)).toBe(expected);
});

test('matches as the regular expression that it stands for', () => {
  const letters = (most: number, from: string) => fc.string({ unit: fc.constantFrom(...from), maxLength: most });
  fc.assert(
    fc.property(letters(8, 'ab*'), letters(12, 'ab'), (pattern, text) => {
      const reference = new RegExp(`^${pattern.replaceAll('*', '[^]*')}$`);
      expect(matchesPattern(pattern, text)).toBe(reference.test(text));
    }),
    { numRuns: 2000 },
  );
});

/** Counts how often a character is read. */
function counted(text: string): Characters & { steps: number } {
  return {
    steps: 0,
    length: text.length,
    charCodeAt(index) {
      this.steps += 1;
      return text.charCodeAt(index);
    },
  };
}

test('reads each character a bounded number of times, whatever pattern and text', () => {
  // Patterns on which backtracking takes quadratic or exponential time.
  const patterns = ['*a*a*a*a*a*b', `*${'a'.repeat(200)}b*`, `${'*a'.repeat(128)}`, `*${'ab'.repeat(100)}b*c`];
  for (const pattern of patterns) {
    for (const length of [1_000, 10_000, 100_000]) {
      for (const unit of ['a', 'ab']) {
        const text = counted(unit.repeat(length / unit.length));
        matchesPattern(pattern, text);
        expect(text.steps).toBeLessThanOrEqual(text.length + pattern.length);
      }
    }
  }
});
