import type { PrintRequest } from './jobLifecycle';
import {
  invalidInput,
  optionalBoolean,
  optionalNumber,
  optionalString,
  requireRecord,
  requireString,
} from './readFields';

/** Reads what the control API is asked to print; throws INVALID_INPUT naming what is wrong. */
export function parsePrintOrder(value: unknown): { printerId: string; count: number; request: PrintRequest } {
  const body = requireRecord(value);
  return {
    printerId: requireString(body, 'printerId').toLowerCase(),
    count: optionalNumber(body, 'count', 1) ?? 1,
    request: {
      documents: parseDocuments(body['documents']),
      visibleAfterMs: optionalNumber(body, 'visibleAfterMs') ?? 0,
      transformMs: optionalNumber(body, 'transformMs') ?? 0,
      fetchableAfterMs: optionalNumber(body, 'fetchableAfterMs') ?? 0,
      held: optionalBoolean(body, 'hold') ?? false,
    },
  };
}

function parseDocuments(value: unknown): PrintRequest['documents'] {
  // resources/printdocument.md: a job has one document today.
  const documents: unknown = value ?? [{}];
  if (!Array.isArray(documents)) throw invalidInput("'documents' must be a list.");
  return documents.map((entry: unknown) => {
    const document = requireRecord(entry);
    return {
      displayName: optionalString(document, 'displayName') ?? 'document.pdf',
      contentType: optionalString(document, 'contentType') ?? 'application/pdf',
      size: optionalNumber(document, 'size') ?? 1024,
    };
  });
}
