import { parseJson } from '../parse';

/** The text of a body. A string is one. */
export type Text = Pick<string, 'length' | 'charCodeAt' | 'indexOf' | 'slice'>;

/** A member that is read: its value as it is or, of an object, these members. */
interface Member {
  name: string;
  members?: Wanted | undefined;
}

/** The members of an object that are read. Those with a name of n characters have the index n. */
export type Wanted = readonly (readonly Member[] | undefined)[];

/** The members that are read, by name: `true` for a value as it is. */
export function wantedMembers(names: Readonly<Record<string, true | Wanted>>): Wanted {
  const wanted: Member[][] = [];
  for (const [name, members] of Object.entries(names)) {
    (wanted[name.length] ??= []).push(members === true ? { name } : { name, members });
  }
  return wanted;
}

const COLLECTION = wantedMembers({ value: true, validationTokens: true });

/** The end of a collection. `validationTokens` is as the body has it, undefined where it has none. */
export type CollectionEnd = { bad: 'notJsonObject' | 'noValue' } | { validationTokens: unknown };

/** No text of an item is longer: a resource has about 110 characters. */
export const MOST_TEXT = 4 * 1024;
/** No validation token is longer. */
export const MOST_TOKEN = 16 * 1024;
/** Graph's objects have about ten members. Reading one costs more than skipping it, so those that follow are skipped. */
export const MOST_MEMBERS = 1_000;

/**
 * Reads the items of a changeNotificationCollection (resources/changenotificationcollection.md) one by one, in a single
 * pass that looks at strings and depth. Nothing is parsed whole: of each item only the wanted members are kept, so a body
 * costs as much as its length, whatever is in it. Never throws.
 *
 * Of a body that JSON.parse accepts, each item has the same wanted members, with these exceptions: a list or an object
 * that is not wanted is empty, a longer text is cut, and all lists named `value` count. A body that JSON.parse rejects
 * is accepted when its error lies inside a text or a value that is not wanted.
 */
export function* readItems(text: Text, wanted: Wanted): Generator<unknown, CollectionEnd> {
  const cursor: Cursor = { text, hasEscapes: text.indexOf('\\') >= 0, at: 0 };
  let validationTokens: unknown;
  let hasValue = false;
  if (!take(cursor, OPEN_OBJECT)) cursor.at = LOST;
  for (let count = 0; hasNext(cursor, CLOSE_OBJECT, count); count += 1) {
    const name = readName(cursor, COLLECTION)?.name;
    skipSpace(cursor);
    const isList = text.charCodeAt(cursor.at) === OPEN_LIST;
    if (name === 'value') {
      hasValue = isList;
      if (!take(cursor, OPEN_LIST)) skipValue(cursor);
      else {
        for (let place = 0; hasNext(cursor, CLOSE_LIST, Math.min(place, 1)); place += 1) {
          const item = readValue(cursor, wanted, MOST_TEXT);
          if (cursor.at !== LOST) yield item;
        }
      }
    } else if (name === 'validationTokens') validationTokens = readTokens(cursor);
    else skipValue(cursor);
  }
  skipSpace(cursor);
  if (cursor.at !== text.length) return { bad: 'notJsonObject' };
  return hasValue ? { validationTokens } : { bad: 'noValue' };
}

function readTokens(cursor: Cursor): unknown {
  if (!take(cursor, OPEN_LIST)) return readValue(cursor, undefined, MOST_TOKEN);
  const tokens: unknown[] = [];
  while (hasNext(cursor, CLOSE_LIST, tokens.length)) tokens.push(readValue(cursor, undefined, MOST_TOKEN));
  return tokens;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** A place in the text. Where something else than JSON was found it is lost: every further step finds nothing. */
interface Cursor {
  readonly text: Text;
  readonly hasEscapes: boolean;
  at: number;
}

/** Behind the end of every body, and a small integer, which V8 reads faster than Infinity. */
const LOST = 2 ** 30;

/** Moves to the next member or element of an object or list, of which `count` were read. False behind its end. */
function hasNext(cursor: Cursor, close: number, count: number): boolean {
  if (cursor.at === LOST) return false;
  if (count === MOST_MEMBERS) {
    skipNested(cursor, 1);
    return false;
  }
  if (take(cursor, count === 0 ? close : COMMA)) return count > 0;
  if (count === 0) return true;
  if (!take(cursor, close)) cursor.at = LOST;
  return false;
}

/** Moves over the name at the cursor to its value. Returns the wanted member of that name. */
function readName(cursor: Cursor, wanted: Wanted): Member | undefined {
  skipSpace(cursor);
  const { text, at: quote } = cursor;
  if (text.charCodeAt(quote) !== QUOTE) cursor.at = LOST;
  let at = quote + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE && code !== BACKSLASH && !Number.isNaN(code);) {
    at += 1;
    code = text.charCodeAt(at);
  }
  let found: Member | undefined;
  if (text.charCodeAt(at) === QUOTE) {
    if (cursor.at !== LOST) cursor.at = at + 1;
    found = memberAt(text, quote + 1, wanted[at - quote - 1]);
  } else {
    const name = readText(cursor, MOST_TEXT);
    found = wanted[name.length]?.find((member) => member.name === name);
  }
  if (!take(cursor, COLON)) cursor.at = LOST;
  return found;
}

/** The one of `members`, all as long as the name at `start`, that has this name. A loop, because it runs for every member. */
function memberAt(text: Text, start: number, members: readonly Member[] = NONE): Member | undefined {
  for (let index = 0; index < members.length; index += 1) {
    const member = members[index];
    if (member && isAt(text, start, member.name)) return member;
  }
  return undefined;
}

const NONE: readonly Member[] = [];

function isAt(text: Text, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (text.charCodeAt(start + index) !== name.charCodeAt(index)) return false;
  }
  return true;
}

function readValue(cursor: Cursor, wanted: Wanted | undefined, most: number): unknown {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === QUOTE) return readText(cursor, most);
  if (code !== OPEN_OBJECT && code !== OPEN_LIST) return readScalar(cursor);
  if (code === OPEN_LIST || wanted === undefined) {
    skipNested(cursor, 0);
    return code === OPEN_LIST ? [] : {};
  }
  const members: Record<string, unknown> = {};
  cursor.at += 1;
  for (let count = 0; hasNext(cursor, CLOSE_OBJECT, count); count += 1) {
    const member = readName(cursor, wanted);
    if (member) members[member.name] = readValue(cursor, member.members, most);
    else skipValue(cursor);
  }
  return members;
}

/** The text at the cursor. One of more than `most` characters is cut, and its escapes stay. */
function readText(cursor: Cursor, most: number): string {
  const { text, at: quote } = cursor;
  if (text.charCodeAt(quote) !== QUOTE) cursor.at = LOST;
  skipText(cursor);
  const end = cursor.at - 1;
  if (cursor.at === LOST) return '';
  const length = end - quote - 1;
  if (length > most) return text.slice(quote + 1, quote + 1 + most);
  const raw = text.slice(quote + 1, end);
  if (!cursor.hasEscapes || !raw.includes('\\')) return raw;
  const parsed = parseJson(`"${raw}"`);
  if (typeof parsed === 'string') return parsed;
  cursor.at = LOST;
  return '';
}

/** Moves over the text whose opening quote is at the cursor. */
function skipText(cursor: Cursor): void {
  const { text, hasEscapes } = cursor;
  let end = text.indexOf('"', cursor.at + 1);
  while (hasEscapes && end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  cursor.at = end < 0 ? LOST : end + 1;
}

/** Whether an odd number of backslashes stands before this place. */
function isEscaped(text: Text, at: number): boolean {
  let start = at;
  while (text.charCodeAt(start - 1) === BACKSLASH) start -= 1;
  return (at - start) % 2 === 1;
}

/** Moves over the value at the cursor. */
function skipValue(cursor: Cursor): void {
  skipSpace(cursor);
  const code = cursor.text.charCodeAt(cursor.at);
  if (code === QUOTE) skipText(cursor);
  else if (code === OPEN_OBJECT || code === OPEN_LIST) skipNested(cursor, 0);
  else readScalar(cursor);
}

/** Moves behind the end of the list or object that is `depth` levels up. */
function skipNested(cursor: Cursor, depth: number): void {
  const { text } = cursor;
  let open = depth;
  for (let at = cursor.at; ; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      cursor.at = at;
      skipText(cursor);
      at = cursor.at - 1;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) open += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      open -= 1;
      if (open === 0) {
        cursor.at = at + 1;
        return;
      }
    } else if (Number.isNaN(code)) {
      cursor.at = LOST;
      return;
    }
  }
}

/** The number or word at the cursor. */
function readScalar(cursor: Cursor): unknown {
  const start = cursor.at;
  while (!endsScalar(cursor.text.charCodeAt(cursor.at))) cursor.at += 1;
  const value = parseJson(cursor.text.slice(start, cursor.at));
  if (value === undefined) cursor.at = LOST;
  return value;
}

/** Whether a number or word ends before this character. */
function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_LIST || code <= SPACE || Number.isNaN(code);
}

/** Moves over white space, and over the character if it is the next one. */
function take(cursor: Cursor, code: number): boolean {
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== code) return false;
  cursor.at += 1;
  return true;
}

/** RFC 8259, section 2. */
function skipSpace(cursor: Cursor): void {
  const { text } = cursor;
  for (let code = text.charCodeAt(cursor.at); code <= SPACE; code = text.charCodeAt(cursor.at)) {
    if (code !== SPACE && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    cursor.at += 1;
  }
}
