import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toGraphError } from '../../shared/graph/errors';
import type { HttpAnswer } from '../../shared/graph/http';
import type { createFakeGraph } from './createFakeGraph';

/** The text of a file in tests/fixtures/cases: an answer, row or setting from a public bug report. */
export function readCaseText(file: string): string {
  return readFileSync(join(__dirname, '..', 'fixtures', 'cases', file), 'utf8');
}

/** The content of a JSON file there, in the form that its test expects. */
export function readCase<T>(file: string): T {
  return JSON.parse(readCaseText(file)) as T;
}

/** Graph's answers outside 2xx in those files. */
export interface CaseAnswer {
  status: number;
  error: { code: string; message: string };
}

export function httpAnswer({ status, error }: CaseAnswer, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers, body: JSON.stringify({ error }) };
}

/** The fake Graph answers the next call of a method as a file says. */
export function answerNext(
  graph: ReturnType<typeof createFakeGraph>,
  method: 'POST' | 'PATCH',
  answer: HttpAnswer,
): void {
  graph.next(method, (call) => {
    throw toGraphError(call, answer, 0);
  });
}
