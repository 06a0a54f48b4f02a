import { escapeControls } from '../appLog';
import type { JobStory, Step, StepKind } from './consoleApi';

const GOOD: readonly StepKind[] = ['acknowledged', 'acted', 'archived', 'event', 'started'];
const CHANGED: readonly StepKind[] = ['decided', 'held', 'requested', 'consent', 'swept'];
const SLOW: readonly StepKind[] = ['duplicate', 'lost', 'throttled', 'unavailable', 'retried', 'deferred'];
const BAD: readonly StepKind[] = ['refused', 'failed', 'killed'];

/** Codes of ECMA-48: bold, dim, and the colors that read on dark and light grounds. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34 } as const;
const KIND_WIDTH = Math.max(...[...GOOD, ...CHANGED, ...SLOW, ...BAD].map(({ length }) => length));

export interface StepPrinterOptions {
  write: (line: string) => void;
  hasColors: boolean;
}

export interface StepPrinter {
  /** Prints the steps of a job that were not printed yet, the number of the job first. */
  job(story: Pick<JobStory, 'id' | 'jobNumber' | 'printedAt' | 'customer' | 'printer'>, steps: readonly Step[]): void;
  service(step: Step): void;
}

/**
 * Prints one line a step, in the order in which steps become known. Texts from outside are escaped, because a terminal obeys
 * control characters.
 */
export function createStepPrinter({ write, hasColors }: StepPrinterOptions): StepPrinter {
  /** How often each step of each job was printed. */
  const printed = new Map<string, Map<string, number>>();
  const paint = (text: string, code: keyof typeof CODES | undefined) =>
    hasColors && code !== undefined ? `\u001b[${CODES[code]}m${text}\u001b[0m` : text;
  const line = (number: string, { kind, text }: Step, time: string, place: string) => {
    const first = paint(escapeControls(number).padEnd(6), 'bold');
    const details = [time, escapeControls(place)].filter(Boolean).join('  ');
    write(
      `${first} ${paint(kind.padEnd(KIND_WIDTH), colorOf(kind))}  ${escapeControls(text)}  ${paint(details, 'dim')}`.trimEnd(),
    );
  };
  return {
    job({ id, jobNumber, printedAt, customer, printer }, steps) {
      const place = `${customer}, ${printer}`;
      const before = printed.get(id) ?? new Map<string, number>();
      const now = new Map<string, number>();
      for (const step of steps) {
        const name = `${step.kind} ${step.text}`;
        const count = (now.get(name) ?? 0) + 1;
        now.set(name, count);
        if (count > (before.get(name) ?? 0)) line(jobNumber, step, `+${Math.round(step.at - printedAt)} ms`, place);
      }
      for (const [name, count] of before) now.set(name, Math.max(count, now.get(name) ?? 0));
      printed.delete(id);
      printed.set(id, now);
      // No more than the timeline keeps.
      const [oldest] = printed.keys();
      if (printed.size > KEPT && oldest !== undefined) printed.delete(oldest);
    },
    service: (step) => line('-', step, '', ''),
  };
}

const KEPT = 500;

function colorOf(kind: StepKind): keyof typeof CODES | undefined {
  if (GOOD.includes(kind)) return 'green';
  if (CHANGED.includes(kind)) return 'blue';
  if (SLOW.includes(kind)) return 'yellow';
  return BAD.includes(kind) ? 'red' : undefined;
}

/** Whether a terminal shows colors: https://no-color.org, and TERM=dumb as other programs take it. */
export function showsColors(stream: { isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
