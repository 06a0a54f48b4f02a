import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Which files `func azure functionapp publish` uploads, by the rules of Azure/azure-functions-core-tools at commit 3ee97a6:
 * src/Cli/func/Common/GitIgnoreParser.cs and FileSystemHelpers.cs (GetLocalFiles). They differ from git's:
 *
 * - every line is matched from the root, with or without a slash in front
 * - a line matches the beginning of a path up to a word boundary. So `/docs` matches all below docs, and a slash at the end
 *   is harmful: `/node_modules/` does not match `node_modules/@azure/x`, because no word begins after the slash
 * - `*` matches within a folder, `**` across folders, both at least one character
 * - a line with `!` in front readmits a path, wherever it stands
 *
 * @returns whether a path (relative to the root, with forward slashes) is uploaded
 */
export function readFuncIgnore(text: string): (path: string) => boolean {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const denied = matchAny(lines.filter((line) => !line.startsWith('!')));
  const readmitted = matchAny(lines.flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])));
  return (path) => readmitted(path) || !denied(path);
}

function matchAny(lines: readonly string[]): (path: string) => boolean {
  const patterns = lines.map((line) => {
    const parts = line.replace(/^\//, '').split(/(\*\*|\*)/);
    const source = parts.map((part) => WILDCARDS.get(part) ?? part.replace(/[-[\]/{}()+?.\\^$|]/g, '\\$&'));
    return new RegExp(`^(?:${source.join('')})\\b`);
  });
  return (path) => patterns.some((pattern) => pattern.test(path));
}

const WILDCARDS = new Map([
  ['**', '.+'],
  ['*', '[^/]+'],
]);

/** Never uploaded, at any depth and in any case (FileSystemHelpers.GetLocalFiles). */
const NEVER = new Set(['.git', '.vscode', '.funcignore', '.gitignore', 'local.settings.json', 'project.lock.json']);

/** All files below `folder` that Core Tools considers, relative to it. */
export function listLocalFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => !path.split('/').some((name) => NEVER.has(name.toLowerCase())));
}
