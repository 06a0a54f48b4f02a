/** Gives numbers in [0, 1); the same seed gives the same row of numbers. */
export type SeededRandom = () => number;

/** Makes a generator (mulberry32) from a 32-bit seed, so that a failing run can be repeated. */
export function createSeededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Gives the entries in a random order. */
export function shuffled<T>(entries: readonly T[], random: SeededRandom): T[] {
  return entries
    .map((entry) => ({ entry, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}
