import { createHostPlaces, type HostPlace } from '../../../shared/fairness/hostPlaces';
import { createPlaces } from '../../../shared/fairness/places';
import { createTurns } from '../../../shared/fairness/turns';
import { createSilence } from '../../../shared/graph/throttle';
import { createFakeClock } from '../../support/createFakeClock';
import { createVirtualTime } from '../../support/createVirtualTime';

function open() {
  const clock = createFakeClock();
  const silence = createSilence(clock);
  const places = createPlaces({ silence, clock });
  const fill = (tenantId: string) => Array.from({ length: 30 }, () => places.enter(tenantId)).filter(Boolean).length;
  return { clock, silence, places, fill, turns: createTurns({ silence, clock }) };
}

describe('places', () => {
  it('a tenant of which no message has ended takes 6, whatever the others take', () => {
    const { places, fill } = open();
    expect([fill('a'), fill('b')]).toEqual([6, 6]);
    expect([places.usedBy('a'), places.free()]).toEqual([6, 12]);
  });

  it('a tenant whose messages end quickly takes all', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    expect(fill('a')).toBe(24);
    expect(places.free()).toBe(0);
    // Another tenant enters all the same: the host bounds its messages.
    expect(fill('b')).toBe(6);
  });

  it('a tenant whose messages have become slow takes no more than 4', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    expect(fill('a')).toBe(24);
    places.leave('a', { tookMs: 45_000, isDone: false });
    expect(places.mayEnter('a')).toBe(false);
  });

  it('a tenant whose message took longer than a call may take has 4 from the start', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 45_000, isDone: false });
    expect(fill('a')).toBe(4);
  });

  it.each([
    [9_000, true, 24],
    [12_000, true, 18],
    [12_000, false, 4],
    [30_001, true, 4],
  ])('a message of %d ms that Graph has answered (%p) leaves its tenant %d', (tookMs, isDone, most) => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs, isDone });
    expect(fill('a')).toBe(most);
  });

  it('a message that ends quickly because it is deferred or known already does not make its tenant quick', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a', { tookMs: 20, isDone: false });
    expect(fill('a')).toBe(6);
  });

  it('what says nothing about the next message leaves that as it is', () => {
    const { places, fill } = open();
    places.enter('a');
    places.leave('a');
    expect(fill('a')).toBe(6);
  });

  it('a tenant that Graph does not answer takes one until it is answered', () => {
    const { silence, fill } = open();
    silence.unanswered('a');
    expect(fill('a')).toBe(1);
    silence.answered('a');
    expect(fill('a')).toBe(5);
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

describe('places in invocations of the host', () => {
  function openHost() {
    const clock = createVirtualTime();
    const silence = createSilence(clock);
    const places = createPlaces({ silence, clock });
    const hostPlaces = createHostPlaces({ places, clock });
    /** How many of `count` messages that come now get a place, and how long the last of them waited for the answer. */
    const come = async (tenantId: string, count: number) => {
      const startedAt = clock.now();
      const entered: HostPlace[] = [];
      let answered = 0;
      for (let n = 0; n < count; n += 1) {
        void hostPlaces.enter(tenantId).then((place) => {
          answered += 1;
          if (place) entered.push(place);
        });
      }
      await clock.runUntil(() => answered === count);
      return { entered, tookMs: clock.now() - startedAt };
    };
    return { clock, silence, places, hostPlaces, come };
  }

  it('are six for one tenant, also for a quick one: the host fetches while 8 or fewer are in progress (host.json)', async () => {
    const { places, come } = openHost();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    expect((await come('a', 16)).entered).toHaveLength(6);
    expect((await come('b', 16)).entered).toHaveLength(6);
  });

  it('do not count what the tenant has in hand from the waiting queue', async () => {
    const { places, come } = openHost();
    places.enter('a');
    places.leave('a', { tookMs: 700, isDone: true });
    for (let n = 0; n < 24; n += 1) places.enter('a');
    expect((await come('a', 16)).entered).toHaveLength(6);
  });

  it('are waited for by two messages, for a second', async () => {
    const { clock, places, hostPlaces, come } = openHost();
    const { entered } = await come('a', 6);
    void clock.sleep(700).then(() => {
      for (const place of entered) place.leave('a', { tookMs: 700, isDone: true });
    });
    const next = await come('a', 10);
    expect(next.entered).toHaveLength(2);
    expect(next.tookMs).toBeLessThan(800);
    for (const place of next.entered) place.leave('a');
    expect(places.free()).toBe(24);
    expect(await hostPlaces.enter('a')).toBeDefined();
  });

  it('are not waited for behind messages that have been in progress for longer', async () => {
    const { clock, come } = openHost();
    await come('a', 6);
    expect((await come('a', 1)).tookMs).toBeLessThanOrEqual(1_050);
    void clock.sleep(1_000);
    await clock.runUntil(() => clock.now() >= 2_000);
    expect(await come('a', 4)).toEqual({ entered: [], tookMs: 0 });
  });

  it('are four for a slow tenant and one for a silent one, without a wait', async () => {
    const { silence, places, come } = openHost();
    places.enter('slow');
    places.leave('slow', { tookMs: 45_000, isDone: false });
    silence.unanswered('silent');
    const [slow, silent] = [await come('slow', 16), await come('silent', 16)];
    expect([slow.entered.length, slow.tookMs, silent.entered.length, silent.tookMs]).toEqual([4, 0, 1, 0]);
  });

  it('are freed once', async () => {
    const { places, hostPlaces } = openHost();
    const place = await hostPlaces.enter('a');
    place?.leave('a', { tookMs: 700, isDone: true });
    place?.leave('a');
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
