import { createStepPrinter, showsColors } from '../../../local/console/printSteps';
import type { Step } from '../../../local/console/consoleApi';

const STORY = { id: 'a', jobNumber: '5182', printedAt: 1_000, customer: 'Contoso', printer: 'Reception' };
const printed: Step = { at: 1_000, kind: 'printed', text: 'ada prints "plan.pdf" on Reception' };
const notified: Step = { at: 1_020, kind: 'notified', text: 'Graph posts the notification' };

function start(hasColors = false) {
  const lines: string[] = [];
  return { lines, printer: createStepPrinter({ write: (line) => lines.push(line), hasColors }) };
}

it('prints one line a step, the number of the job first, each step once', () => {
  const { lines, printer } = start();
  printer.job(STORY, [printed]);
  printer.job(STORY, [printed, notified]);
  printer.job({ ...STORY, id: 'b', jobNumber: '5183' }, [printed]);
  expect(lines).toEqual([
    '5182   printed       ada prints "plan.pdf" on Reception  +0 ms  Contoso, Reception',
    '5182   notified      Graph posts the notification  +20 ms  Contoso, Reception',
    '5183   printed       ada prints "plan.pdf" on Reception  +0 ms  Contoso, Reception',
  ]);
});

it('prints a step that happens twice twice, and one whose time was corrected once', () => {
  const { lines, printer } = start();
  printer.job(STORY, [notified]);
  printer.job(STORY, [
    { ...notified, at: 1_010 },
    { ...notified, at: 1_500 },
  ]);
  expect(lines).toHaveLength(2);
});

it('prints steps that belong to no job', () => {
  const { lines, printer } = start();
  printer.service({ at: 0, kind: 'killed', text: 'The app is down' });
  expect(lines).toEqual(['-      killed        The app is down']);
});

it.each([
  ['a color', '\u001b[31mred'],
  ['a line end', 'a\nb'],
  ['a bidi override', '\u202eb'],
  ['the CSI of C1', '\u009b2J'],
])('escapes %s in any text from outside', (_name, text) => {
  const { lines, printer } = start();
  printer.job({ ...STORY, jobNumber: text, customer: text, printer: text }, [{ ...printed, text }]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it('has colors by kind on a terminal that wants them', () => {
  const { lines, printer } = start(true);
  printer.service({ at: 0, kind: 'failed', text: 'x' });
  expect(lines[0]).toContain('\u001b[31mfailed');
  expect(showsColors({ isTTY: true }, {})).toBe(true);
  expect(showsColors({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
  expect(showsColors({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  expect(showsColors({}, {})).toBe(false);
});
