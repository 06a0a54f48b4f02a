/** The words of Universal Print's paths (api-reference/v1.0, print pages); whatever else stands in a path is an id. */
const WORDS = new Set(
  (
    'print printers shares jobs tasks documents taskdefinitions tasktriggers printtaskdefinition printtaskdefinitions ' +
    'printer printershares connectors operations services endpoints reports settings'
  ).split(' '),
);

const SHAPE_LENGTH = 200;

/**
 * The form of a resource that we do not understand, for a person to read: Universal Print's own words and the
 * punctuation stay, everything else becomes `{id}`, so that no id and no secret gets out. At most 200 characters.
 */
export function maskResource(resource: unknown): string {
  if (typeof resource !== 'string') return `(${resource === null ? 'null' : typeof resource})`;
  return resource
    .slice(0, 5 * SHAPE_LENGTH)
    .replace(/[^/()']+/g, (part) => (WORDS.has(part.toLowerCase()) ? part : '{id}'))
    .slice(0, SHAPE_LENGTH);
}
