import { createRefusedTokens } from '../../../shared/graph/refusedTokens';
import { createFakeClock } from '../../support/createFakeClock';

const START = Date.parse('2026-11-22T00:00:00.000Z');

test('the call after a refusal takes a fresh token, once', () => {
  const tokens = createRefusedTokens(createFakeClock(START));
  expect(tokens.takeFresh('t1')).toBe(false);
  tokens.refused('t1');
  expect([tokens.takeFresh('t2'), tokens.takeFresh('t1'), tokens.takeFresh('t1')]).toEqual([
    false,
    true,
    false,
  ]);
});

test('a tenant that is refused again and again takes one a minute', () => {
  const clock = createFakeClock(START);
  const tokens = createRefusedTokens(clock);
  tokens.refused('t1');
  tokens.takeFresh('t1');
  tokens.refused('t1');
  expect(tokens.takeFresh('t1')).toBe(false);
  clock.advance(60_000);
  expect(tokens.takeFresh('t1')).toBe(true);
});

test('remembers a bounded number of tenants', () => {
  const tokens = createRefusedTokens(createFakeClock(START));
  for (let index = 0; index < 2_001; index += 1) tokens.refused(`t${index}`);
  expect([tokens.takeFresh('t0'), tokens.takeFresh('t2000')]).toEqual([false, true]);
});
