import { createPlaces } from '../../../shared/fairness/places';
import { createTurns } from '../../../shared/fairness/turns';
import { createSilence } from '../../../shared/graph/throttle';
import { createFakeClock } from '../../support/createFakeClock';

function open() {
  const clock = createFakeClock();
  const silence = createSilence(clock);
  const places = createPlaces({ silence, clock });
  const fill = (tenantId: string) => Array.from({ length: 30 }, () => places.enter(tenantId)).filter(Boolean).length;
  return { clock, silence, places, fill, turns: createTurns({ silence, clock }) };
}

describe('places', () => {
  it('a tenant of which no message has ended takes 4, whatever the others take', () => {
    const { places, fill } = open();
    expect([fill('a'), fill('b')]).toEqual([4, 4]);
    expect([places.usedBy('a'), places.free()]).toEqual([4, 16]);
  });

  it('a tenant whose messages end quickly takes all', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    expect(fill('a')).toBe(24);
    expect(places.free()).toBe(0);
    // Another tenant enters all the same: the host bounds its messages.
    expect(fill('b')).toBe(4);
  });

  it('a tenant whose messages have become slow takes no more than 4', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    expect(fill('a')).toBe(24);
    places.leave('a', { tookMs: 45_000, isDone: false });
    expect(places.mayEnter('a')).toBe(false);
  });

  it('a message that ends quickly because it is deferred or known already does not make its tenant quick', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 20, isDone: false });
    expect(fill('a')).toBe(4);
  });

  it('what says nothing about the next message leaves that as it is', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a');
    expect(fill('a')).toBe(4);
  });

  it('a tenant that Graph does not answer takes one until it is answered', () => {
    const { silence, fill } = open();
    silence.unanswered('a');
    expect(fill('a')).toBe(1);
    silence.answered('a');
    expect(fill('a')).toBe(3);
  });

  it('eight such tenants leave the host room to fetch more: newBatchThreshold (host.json) is 8', () => {
    const { silence, fill } = open();
    const tenants = Array.from({ length: 8 }, (_, n) => `t${n}`);
    tenants.forEach((tenantId) => silence.unanswered(tenantId));
    expect(tenants.reduce((sum, tenantId) => sum + fill(tenantId), 0)).toBeLessThanOrEqual(8);
  });

  it('leaving without having entered frees no place', () => {
    const { places } = open();
    places.leave('a', { tookMs: 700, isDone: true });
    expect([places.free(), places.usedBy('a')]).toEqual([24, 0]);
  });
});

describe('turns', () => {
  it('follow one another 24 times a second, each tenant for itself', () => {
    const { turns } = open();
    const delays = Array.from({ length: 48 }, () => turns.next('a', 1_000));
    expect(delays[0]).toBe(1_000);
    expect(delays.at(-1)).toBeCloseTo(1_000 + 47 * (1_000 / 24), 1);
    expect(turns.next('b', 1_000)).toBe(1_000);
  });

  it('are never before the least wait', () => {
    const { turns, clock } = open();
    turns.next('a', 0);
    clock.advance(60_000);
    expect(turns.next('a', 5_000)).toBe(5_000);
  });

  it('of a tenant without an answer come once a second, after 15 seconds at the earliest', () => {
    const { turns, silence } = open();
    silence.unanswered('a');
    expect([turns.next('a', 0), turns.next('a', 0)]).toEqual([15_000, 16_000]);
  });

  it('are at most ten minutes after the least wait, so that a tenant that recovers is served', () => {
    const { turns, silence } = open();
    silence.unanswered('a');
    const delays = Array.from({ length: 2_000 }, () => turns.next('a', 0));
    expect(Math.max(...delays)).toBe(15_000 + 10 * 60_000);
    expect(Math.min(...delays)).toBe(15_000);
  });
});
