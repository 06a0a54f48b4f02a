import { styleText } from 'node:util';

/** A terminal that people look at. */
export interface Screen {
  columns: number;
  isColored: boolean;
}

/** Where a terminal does not know its width, as some consoles of CI systems. */
const DEFAULT_COLUMNS = 80;

/**
 * The screen behind an output, or undefined for a pipe or a file.
 *
 * @see https://no-color.org: any value that is not empty turns colors off
 */
export function screenOf(
  stream: { isTTY?: boolean; columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): Screen | undefined {
  if (stream.isTTY !== true) return undefined;
  const isColored = !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  // A serial console reports a width of 0.
  return { columns: stream.columns || DEFAULT_COLUMNS, isColored };
}

export type Style = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

/** Styles text for `screen`. Unchanged without one, or on one without colors. */
export type Paint = (style: Style | undefined, text: string) => string;

/** Whether there is a terminal was decided by `screenOf`. Node itself would look at stdout alone, and take NO_COLOR= as set. */
export function paint(screen: Screen | undefined): Paint {
  return (style, text) =>
    style === undefined || !screen?.isColored ? text : styleText(style, text, { validateStream: false });
}

/** Words for a state, wherever they are a whole cell of a table. */
const STATES: ReadonlyMap<string, Style> = new Map<string, Style>([
  ['failed', 'red'],
  ['failing', 'red'],
  ['refused', 'red'],
  ['lapsed', 'red'],
  ['printerGone', 'red'],
  ['definitionGone', 'red'],
  ['held', 'yellow'],
  ['paused', 'yellow'],
  ['waiting', 'yellow'],
  ['postponed', 'yellow'],
  ['live', 'green'],
  ['active', 'green'],
  ['removed', 'dim'],
]);

/** The style of a cell, by its text. */
export function styleOfState(text: string): Style | undefined {
  return STATES.get(text);
}
