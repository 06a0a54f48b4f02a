import { isIsoTime, isRecord, parseGuid, parseId, parseJobId, parseJson, parseText } from '../../shared/parse';
import { DEFINITION } from '../support/notifications';

describe('isRecord', () => {
  it.each([
    [{}, true],
    [{ a: 1 }, true],
    [null, false],
    [undefined, false],
    [[], false],
    ['x', false],
    [1, false],
  ])('%j: %p', (value, expected) => {
    expect(isRecord(value)).toBe(expected);
  });
});

describe('ids', () => {
  /** What an id may hold, so that it is safe as a table key and in a URL: `[A-Za-z0-9._-]{1,128}`, lower-cased but for job ids. */
  it.each([
    ['5182', '5182'],
    [DEFINITION.toUpperCase(), DEFINITION],
    ['a._-Z', 'a._-z'],
    ['x'.repeat(128), 'x'.repeat(128)],
  ])('accepts the id %p as %p', (value, id) => {
    expect(parseId(value)).toBe(id);
    expect(parseJobId(value)).toBe(value);
  });

  it.each(['', 'x'.repeat(129), 'a/b', 'a b', "a'b", 'a\n', 'ä', '%2e', null, undefined, 7, {}, ['a']])(
    'refuses %j',
    (value) => {
      expect(parseId(value)).toBeUndefined();
      expect(parseJobId(value)).toBeUndefined();
    },
  );
});

it('parses JSON or gives undefined, and never throws', () => {
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] });
  expect(parseJson('{"a":')).toBeUndefined();
});

it('takes texts and nothing else for texts', () => {
  expect([parseText('x'), parseText(1), parseText(undefined)]).toEqual(['x', '', '']);
});

it('lower-cases GUIDs and refuses everything else', () => {
  expect(parseGuid(DEFINITION.toUpperCase())).toBe(DEFINITION);
  expect(parseGuid(`${DEFINITION}0`)).toBeUndefined();
  expect(parseGuid(7)).toBeUndefined();
});

it('accepts times only in the form that the product writes', () => {
  expect(isIsoTime('2026-11-22T00:00:00.000Z')).toBe(true);
  for (const other of ['2026-11-22', '7', '2026-11-22T00:00:00+01:00', 'x', 7]) expect(isIsoTime(other)).toBe(false);
});
