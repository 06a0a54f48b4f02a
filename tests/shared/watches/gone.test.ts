import { afterFound, afterMissing, GONE_AFTER_MS, isMaintained } from '../../../shared/watches/gone';
import { watchState, type Watch } from '../../../shared/watches/watches';

const NOW = Date.UTC(2026, 10, 22, 12);
const HOUR = 60 * 60_000;
const at = (ms: number) => new Date(NOW + ms).toISOString();
const TENANT = '11111111-1111-1111-1111-111111111111';
const PRINTER = {
  kind: 'jobFetchable',
  ...{ tenantId: TENANT, id: 'p1', since: at(-90 * HOUR), wanted: true, generation: 28_000_000, failures: 0 },
} as const;
const SERVED: Watch = { ...PRINTER, status: 'active', subscriptionId: 's1', expirationDateTime: at(60 * HOUR) };
const FAILING: Watch = { ...PRINTER, status: 'createFailed', failures: 7, lastError: 'not found', nextTryAt: at(HOUR) };
const DEFINITION: Watch = { ...SERVED, kind: 'jobStarted', id: 'd1' };

describe.each([
  ['a served printer', SERVED, 'printerGone'],
  ['a printer whose subscription cannot be created', FAILING, 'printerGone'],
  ['a definition', DEFINITION, 'definitionGone'],
])('%s that Graph answers with 404', (_name, watch, state) => {
  it('is missing first, and unchanged until a day later', () => {
    const missing = afterMissing(watch, NOW);
    expect(missing).toEqual({ ...watch, missingSince: at(0) });
    expect(afterMissing(missing, NOW + GONE_AFTER_MS - 1)).toBe(missing);
  });

  it('is gone with a 404 a day later, without a subscription to renew and without a failure to repeat', () => {
    const gone = afterMissing(afterMissing(watch, NOW), NOW + GONE_AFTER_MS);
    expect(watchState(gone, NOW)).toBe(state);
    expect(gone).toMatchObject({ wanted: true, generation: watch.generation, failures: 0 });
    expect([gone.subscriptionId, gone.lastError, gone.nextTryAt]).toEqual([undefined, undefined, undefined]);
    expect(afterMissing(gone, NOW + 9 * GONE_AFTER_MS)).toBe(gone);
  });

  it('is not gone when Graph showed it in between', () => {
    const found = afterFound(afterMissing(watch, NOW), NOW + HOUR);
    expect(found).toEqual(watch);
    expect(afterMissing(found, NOW + GONE_AFTER_MS).status).toBe(watch.status);
  });

  it('is created and swept again when Graph shows it after it was gone', () => {
    const gone = afterMissing(afterMissing(watch, NOW), NOW + GONE_AFTER_MS);
    const found = afterFound(gone, NOW + 90 * HOUR);
    expect(found).toMatchObject({ status: 'pending', sweepWanted: at(90 * HOUR) });
    expect(found.missingSince).toBeUndefined();
  });

  it('waits while a run holds its row', () => {
    const held = { ...watch, missingSince: at(-2 * GONE_AFTER_MS), heldMs: 1_000 };
    expect(afterMissing(held, NOW)).toBe(held);
    expect(afterFound(held, NOW)).toBe(held);
  });
});

it('counts the day from a time that a clock can have written', () => {
  const ahead = { ...SERVED, missingSince: at(30 * 24 * HOUR) };
  expect(afterMissing(ahead, NOW)).toEqual({ ...SERVED, missingSince: at(0) });
  const slightlyAhead = { ...SERVED, missingSince: at(60_000) };
  expect(afterMissing(slightlyAhead, NOW)).toBe(slightlyAhead);
});

it('writes nothing for a watch that Graph has shown all along', () => {
  expect(afterFound(SERVED, NOW)).toBe(SERVED);
});

it.each([
  ['active', 'jobStarted', true],
  ['active', 'jobFetchable', true],
  ['paused', 'jobStarted', true],
  ['paused', 'jobFetchable', false],
  ['removed', 'jobStarted', false],
] as const)('keeps up the subscriptions of a customer that is %s for %s: %s', (status, kind, isKept) => {
  expect(isMaintained({ status }, kind)).toBe(isKept);
});
