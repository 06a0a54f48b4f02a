/**
 * Text from outside, as it is shown: control, format and direction characters are escaped as `\u{202e}`, so that a name can
 * neither hide a part of itself nor reorder what stands beside it. Joiners inside emoji and scripts stay.
 */
export function shownText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) =>
    character === '\u200d' || character === '\u200c' ? character : `\\u{${codeOf(character)}}`,
  );
}

/** Indented JSON of `value` with the same characters escaped as JSON escapes them. Parses to the same value. */
export function shownJson(value: unknown): string {
  return (JSON.stringify(value, null, 2) ?? '').replace(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** A part of JSON text, to color it. */
export interface JsonPart {
  readonly type: 'name' | 'text' | 'value' | 'mark';
  readonly text: string;
}

/** The parts of JSON text in their order. Joined, they are the text. */
export function splitJson(json: string): JsonPart[] {
  const parts: JsonPart[] = [];
  for (const [text, string, colon, value] of json.matchAll(
    /("(?:[^"\\]|\\.)*")(\s*:)?|(true|false|null|-?\d[\d.eE+-]*)|[^"\w-]+|./g,
  )) {
    if (string !== undefined) {
      parts.push({ type: colon === undefined ? 'text' : 'name', text: string });
      if (colon !== undefined) parts.push({ type: 'mark', text: colon });
    } else parts.push({ type: value === undefined ? 'mark' : 'value', text });
  }
  return parts;
}

function codeOf(character: string): string {
  return character.codePointAt(0)?.toString(16) ?? '';
}
