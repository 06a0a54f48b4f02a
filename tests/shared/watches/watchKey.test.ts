import {
  parseId,
  parseJobId,
  parseWatchRowKey,
  watchRowKey,
  watchTag,
} from '../../../shared/watches/watchKey';
import { DEFINITION, PRINTER } from '../../support/notifications';

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

it('names a watch in the table and reads the name back', () => {
  for (const kind of ['jobStarted', 'jobFetchable'] as const) {
    expect(watchRowKey({ kind, id: PRINTER })).toBe(`${kind}_${PRINTER}`);
    expect(parseWatchRowKey(`${kind}_${PRINTER}`)).toEqual({ kind, id: PRINTER });
    expect(parseWatchRowKey(`${kind}_a_b`)).toEqual({ kind, id: 'a_b' });
  }
});

it.each(['', 'jobStarted', 'jobStarted_', 'other_x', '_x', 'jobStarted_a/b'])(
  '%p names no watch',
  (rowKey) => {
    expect(parseWatchRowKey(rowKey)).toBeUndefined();
  },
);

it('shortens a watch to 22 characters, as openssl computes them (see clientState.test.ts)', () => {
  expect(watchTag({ kind: 'jobStarted', id: DEFINITION })).toBe('0KVGkzMS3PzneypZXVkqMA');
  expect(watchTag({ kind: 'jobFetchable', id: PRINTER })).toBe('qFAYydR2okof_x_ezKkTf9');
});
