import { createSilence } from '../../../shared/graph/client';

test('a tenant is silent from a call without an answer until one is answered; it concerns its tenant alone', () => {
  const silence = createSilence();
  expect(silence.isSilent('t1')).toBe(false);
  silence.unanswered('t1');
  silence.unanswered('t1');
  silence.answered('t2');
  expect([silence.isSilent('t1'), silence.isSilent('t2')]).toEqual([true, false]);
  silence.answered('t1');
  expect(silence.isSilent('t1')).toBe(false);
});

test('beyond 1,000 tenants the one that was silent first is forgotten, and only that', () => {
  const silence = createSilence();
  for (let tenant = 0; tenant < 1_000; tenant += 1) silence.unanswered(`t${tenant}`);
  silence.unanswered('t999');
  expect(silence.isSilent('t0')).toBe(true);
  silence.unanswered('t1000');
  expect(['t0', 't1', 't1000'].map((tenant) => silence.isSilent(tenant))).toEqual([false, true, true]);
});
