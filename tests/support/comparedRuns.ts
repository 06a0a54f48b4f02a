/** Two runs of the same commands: the one that a page shows, and the one that a test makes. */
export interface ComparedRuns {
  /** The page's command with the ids of the test's run in place of its own. */
  translate(command: string): string;
  /** Both texts with what differs from run to run replaced by what it stands for. */
  compare(documented: string, actual: string): { documented: string; actual: string };
}

const GUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What differs from run to run besides ids; the first that matches wins. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  // On a slow machine only.
  [/^Working for \d+ s.*\n/gm, ''],
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<time>'],
  [/\b00-[0-9a-f]{32}-[0-9a-f]{16}-\d\d\b/g, '<traceparent>'],
  [/(?<=\.)\d{5}(?=\.[A-Za-z0-9_-]{43}\b)/g, '<day>'],
  [/(?<=\.)[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g, '<signature>'],
  [/(?<="generation":)\d+/g, '<seconds>'],
  [/(?<= with ETag )0x[0-9A-F]+/g, '<etag>'],
  [/(?<= enter the code )[A-Z]{9}\b/g, '<code>'],
  [/(?<=\/authorize\?)\S+/g, '<request>'],
  [/(?<=minutes to nearest expiry +)\d+/g, '<minutes>'],
  [/(?<=\(version )[^)]+/g, '<version>'],
  [/\b\d+ min$/gm, '<minutes> min'],
];

/**
 * Ids are numbered in the order in which they first turn up, so that an id which the page shows twice has to turn up
 * twice in the run, and in the same places.
 */
export function compareRuns(): ComparedRuns {
  const documentedIds: string[] = [];
  const actualIds: string[] = [];
  const number = (ids: string[], text: string) =>
    text.replace(GUID, (id) => {
      if (!ids.includes(id)) ids.push(id);
      return `<id ${ids.indexOf(id) + 1}>`;
    });
  const mask = (text: string) =>
    VARYING.reduce((masked, [pattern, name]) => masked.replace(pattern, name), text.trimEnd());
  return {
    translate: (command) =>
      command.replace(GUID, (id) => {
        // One that no output has shown yet is the reader's own choice, and the same in both runs.
        if (!documentedIds.includes(id)) {
          documentedIds.push(id);
          actualIds.push(id);
        }
        return actualIds[documentedIds.indexOf(id)] ?? id;
      }),
    compare: (documented, actual) => ({
      documented: number(documentedIds, mask(documented)),
      actual: number(actualIds, mask(actual)),
    }),
  };
}
