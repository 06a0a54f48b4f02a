/** "1 watch", "2 watches": `count` with the noun in singular or plural. */
export function plural(count: number, singular: string, plural = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : plural}`;
}
