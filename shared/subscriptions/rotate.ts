/**
 * The same items, begun somewhere else.
 *
 * @param random 0 inclusive to 1 exclusive
 */
export function rotate<T>(items: readonly T[], random: number): T[] {
  const start = Math.floor(random * items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}
