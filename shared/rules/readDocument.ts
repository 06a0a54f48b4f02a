import { createScanner, findNodeAtLocation, getNodeValue, parseTree, type Node, type ParseError } from 'jsonc-parser';
import type * as z from 'zod';
import { rulesDocument, type RulesDocument } from './document';
import type { Path } from './evaluate';
import { MOST_DOCUMENT_BYTES } from './storedRules';

/** Where something is in a text; both count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** What is wrong with a document. */
export interface Fault {
  path: Path;
  /** The end of a sentence that begins with the path. */
  message: string;
}

/** Something in a valid document that does not do what its author meant, or may not. */
export interface Finding extends Fault {
  /** An error is never what the author meant. A warning may be. */
  severity: 'error' | 'warning';
}

/** A document, or what is wrong with its text; `placeOf` finds a path in the text. */
export type ReadDocument<Document> = { placeOf: (path: Path) => Place } & (
  { document: Document } | { faults: Fault[] }
);

/** JSON nests deeper than conditions: a condition of the deepest level lies in 20 objects and lists. */
const MOST_JSON_LEVELS = 32;
const MOST_FAULTS = 100;

/** Reads the text of a rules document. Never throws. */
export function readDocument(text: string): ReadDocument<RulesDocument> {
  return readJsonDocument(text, { schema: rulesDocument, mostBytes: MOST_DOCUMENT_BYTES });
}

/** Reads the text of a document that a person has written: JSON, its limits and its schema. Never throws. */
export function readJsonDocument<Document>(
  text: string,
  { schema, mostBytes }: { schema: z.ZodType<Document>; mostBytes: number },
): ReadDocument<Document> {
  const lines = lineStarts(text);
  const at = (offset: number) => placeAt(lines, offset);
  const broken = (message: string, offset = 0): ReadDocument<Document> => ({
    placeOf: () => at(offset),
    faults: [{ path: [], message }],
  });
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > mostBytes) return broken(`has ${bytes} bytes, and at most ${mostBytes} are allowed`);
  const tooDeep = offsetBelow(text, MOST_JSON_LEVELS);
  if (tooDeep !== undefined) return broken(`is nested more than ${MOST_JSON_LEVELS} levels deep`, tooDeep);
  const errors: ParseError[] = [];
  // Editors on Windows write a byte order mark. Replaced by a space, it moves nothing.
  const json = text.replace(/^\uFEFF/, ' ');
  const tree = parseTree(json, errors, { disallowComments: true, allowTrailingComma: false });
  const [error] = errors;
  if (error || !tree) return broken('is not JSON here', error?.offset);
  const placeOf = (path: Path) => at(offsetOf(tree, path));
  const repeated = repeatedNames(tree, []);
  const parsed = schema.safeParse(getNodeValue(tree));
  const faults = [...repeated, ...(parsed.error?.issues ?? []).flatMap((issue) => faultsOf(issue, []))];
  if (faults.length > 0 || !parsed.data) return { faults: faults.slice(0, MOST_FAULTS), placeOf };
  return { document: parsed.data, placeOf };
}

/** A path as JSONPath (RFC 9535): `$.rules[2].when.copies`. */
export function formatPath(path: Path): string {
  const step = (one: string | number) => {
    if (typeof one === 'number') return `[${one}]`;
    return /^[A-Za-z_][\w]*$/.test(one) ? `.${one}` : `[${JSON.stringify(one)}]`;
  };
  return `$${path.map(step).join('')}`;
}

/** JSON.parse accepts a name twice and keeps the last value, so a condition could be lost without an error. */
function repeatedNames(node: Node, path: Path): Fault[] {
  const { children = [], type } = node;
  if (type === 'array') return children.flatMap((child, index) => repeatedNames(child, [...path, index]));
  if (type !== 'object') return [];
  const names = new Set<string>();
  return children.flatMap(({ children: [key, value] = [] }) => {
    const name = String(key?.value);
    const here = [...path, name];
    const fault = names.has(name) ? [{ path: here, message: 'appears twice in its object' }] : [];
    names.add(name);
    return [...fault, ...(value ? repeatedNames(value, here) : [])];
  });
}

/** The faults in an issue of zod, each at its own path below `above`. */
export function faultsOf(issue: z.core.$ZodIssue, above: Path): Fault[] {
  const path = [...above, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  if (issue.code === 'unrecognized_keys') {
    const isOurs = !issue.message.startsWith('Unrecognized key');
    return issue.keys.map((key) => ({ path: [...path, key], message: isOurs ? issue.message : 'is not a field here' }));
  }
  if (issue.code === 'invalid_union') {
    const branch = bestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => faultsOf(inner, path));
    if (issue.errors.length === 0) return [{ path, message: 'must be jobStarted or jobFetchable' }];
  }
  return [{ path, message: phraseOf(issue) }];
}

/** The alternative that the author most likely meant: of the right type, with the fewest faults. */
function bestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const isWrongType = ({ path, code }: z.core.$ZodIssue) =>
    path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
  const possible = branches.filter((branch) => !branch.some(isWrongType));
  return possible.sort((a, b) => a.length - b.length)[0];
}

/** What zod found, as the end of a sentence that begins with the path. */
function phraseOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined') ? 'is missing' : `must be of type ${issue.expected}`;
    case 'invalid_union':
      return 'has a value of the wrong type';
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    case 'too_small':
      return `must ${boundOf(issue.origin)} at least ${issue.minimum}`;
    case 'too_big':
      return `must ${boundOf(issue.origin)} at most ${issue.maximum}`;
    default:
      return issue.message;
  }
}

function boundOf(origin: string): string {
  if (origin === 'string') return 'have a length of';
  return origin === 'array' ? 'have a number of entries of' : 'be';
}

/** Where the value at `path` begins; the name of a field that should not be there; else the nearest object around it. */
function offsetOf(tree: Node, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node) return node.parent?.type === 'property' ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

/** Where a text opens one more object or list than `most`. The parser itself calls itself for each of them. */
function offsetBelow(text: string, most: number): number | undefined {
  const scanner = createScanner(text, true);
  let level = 0;
  let at = -1;
  for (scanner.scan(); scanner.getTokenOffset() > at; scanner.scan()) {
    at = scanner.getTokenOffset();
    // A text in quotes has a length of more than one, whatever it says.
    const token = scanner.getTokenLength() === 1 ? text.charAt(at) : '';
    if (token === '{' || token === '[') level += 1;
    if (token === '}' || token === ']') level -= 1;
    if (level > most) return at;
  }
  return undefined;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function placeAt(starts: readonly number[], offset: number): Place {
  const after = starts.findIndex((start) => start > offset);
  const line = after === -1 ? starts.length : after;
  return { line, column: offset - (starts[line - 1] ?? 0) + 1 };
}
