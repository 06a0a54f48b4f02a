import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ReceiverError } from '../shared/errors';
import { isRecord } from '../shared/parse';
import { checkDocument } from '../shared/rules/check';
import type { RulesDocument } from '../shared/rules/document';
import { formatPath, readDocument, type Finding, type ReadDocument } from '../shared/rules/readDocument';
import type { CliContext } from './context';

/** A finding at its place in the file. */
type Located = Omit<Finding, 'path'> & { line: number; column: number; path: string };

/** The findings in the text of a rules file, in the order of the file, and the document unless it is faulty. */
export function checkText(text: string) {
  return locateFindings(readDocument(text), checkDocument);
}

/**
 * The findings in a text that was read, in the order of the text, and the document unless it is faulty.
 *
 * @param check gives the findings in a document that its schema accepts
 */
export function locateFindings<Document>(read: ReadDocument<Document>, check: (document: Document) => Finding[]) {
  const findings: Finding[] =
    'document' in read ? check(read.document) : read.faults.map((fault) => ({ severity: 'error', ...fault }));
  const located = findings
    .map(({ path, ...finding }): Located => ({ ...finding, ...read.placeOf(path), path: formatPath(path) }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
  const isValid = located.every(({ severity }) => severity === 'warning');
  return { findings: located, isValid, ...('document' in read ? { document: read.document } : {}) };
}

/**
 * The document in a text.
 *
 * @param name of the file or blob, for the error
 * @throws ReceiverError `rulesInvalid`
 */
export function documentIn(text: string, name: string): RulesDocument {
  const { document, findings } = checkText(text);
  if (document) return document;
  throw new ReceiverError('rulesInvalid', `${name} has no valid rules`, { details: formatFindings(name, findings) });
}

/** One line for each finding, as compilers write them. */
export function formatFindings(file: string, findings: readonly Located[]): string[] {
  return findings.map(
    ({ line, column, severity, path, message }) => `${file}:${line}:${column} ${severity}: ${path} ${message}`,
  );
}

/**
 * The text of a file that the command line names.
 *
 * @throws ReceiverError `fileUnreadable`
 */
export async function readFileNamed({ directory }: Pick<CliContext, 'directory'>, file: string): Promise<string> {
  try {
    return await readFile(resolve(directory, file), 'utf8');
  } catch (error) {
    const code = isRecord(error) && typeof error['code'] === 'string' ? ` (${error['code']})` : '';
    throw new ReceiverError('fileUnreadable', `${file} cannot be read${code}`, { cause: error });
  }
}
