/** A text that is read character by character: a string, or one that counts its reads. */
export interface Characters {
  readonly length: number;
  /** The UTF-16 unit at `index`. */
  charCodeAt(index: number): number;
}

/**
 * Whether the whole of `text` matches `pattern`, in which `*` stands for any characters or none. Both come in the same case.
 *
 * Takes time linear in the length of pattern and text: the parts between the stars are searched from left to right, each by
 * Knuth, Morris and Pratt, which never reads backwards. A regular expression from outside could take exponential time.
 */
export function matchesPattern(pattern: string, text: Characters): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text.length === first.length && isAt(text, 0, first);
  const end = text.length - last.length;
  if (end < first.length || !isAt(text, 0, first) || !isAt(text, end, last)) return false;
  let from: number | undefined = first.length;
  for (const part of rest) {
    from = endOfPart(part, text, from, end);
    if (from === undefined) return false;
  }
  return true;
}

function isAt(text: Characters, at: number, part: string): boolean {
  if (at + part.length > text.length) return false;
  for (let index = 0; index < part.length; index += 1) {
    if (text.charCodeAt(at + index) !== part.charCodeAt(index)) return false;
  }
  return true;
}

/** Where the first occurrence of `part` between `from` and `end` ends. */
function endOfPart(part: string, text: Characters, from: number, end: number): number | undefined {
  if (part === '') return from;
  const fallbacks = fallbacksOf(part);
  let matched = 0;
  for (let index = from; index < end; index += 1) {
    matched = advance(part, fallbacks, matched, text.charCodeAt(index));
    if (matched === part.length) return index + 1;
  }
  return undefined;
}

/** For each prefix of `part`, the length of its longest proper prefix that is also its suffix. */
function fallbacksOf(part: string): number[] {
  const fallbacks = [0];
  let matched = 0;
  for (let index = 1; index < part.length; index += 1) {
    matched = advance(part, fallbacks, matched, part.charCodeAt(index));
    fallbacks.push(matched);
  }
  return fallbacks;
}

/** How much of `part` is matched after one more character. */
function advance(part: string, fallbacks: readonly number[], matched: number, character: number): number {
  let length = matched;
  while (length > 0 && part.charCodeAt(length) !== character) length = fallbacks[length - 1] ?? 0;
  return part.charCodeAt(length) === character ? length + 1 : length;
}
