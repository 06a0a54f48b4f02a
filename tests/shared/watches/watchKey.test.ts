import { watchTag } from '../../../shared/watches/clientState';
import { parseWatchRowKey, watchRowKey } from '../../../shared/watches/watchKey';
import { DEFINITION, PRINTER } from '../../support/notifications';

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
