import { styleOfState, type Paint } from './screen';

type Row = readonly string[];

const GAP = '  ';
/** A shortened text has at least so many characters, or it says nothing. */
const LEAST_WIDTH = 12;

/**
 * The rows with their texts shortened until a line has at most `columns` characters. The longest column is shortened first.
 * A column whose cells have no spaces holds ids, times or numbers, and stays whole. Undefined where the rest does not suffice.
 */
export function fitColumns(headings: Row, rows: readonly Row[], columns: number): readonly Row[] | undefined {
  const natural = widthsOf(headings, rows);
  const least = natural.map((width, column) => {
    const isText = rows.some((row) => /\s/.test(row[column] ?? ''));
    return isText ? Math.min(width, Math.max(LEAST_WIDTH, (headings[column] ?? '').length)) : width;
  });
  const available = columns - GAP.length * (headings.length - 1);
  if (sum(least) > available) return undefined;
  const widths = [...natural];
  while (sum(widths) > available) {
    const spare = widths.map((width, column) => (width > (least[column] ?? 0) ? width : 0));
    const longest = spare.indexOf(Math.max(...spare));
    widths[longest] = (widths[longest] ?? 0) - 1;
  }
  return rows.map((row) => row.map((cell, column) => shorten(cell, widths[column] ?? 0)));
}

/** The lines of a table, each with its line end. Cells are text without control characters. */
export function tableLines(headings: Row, rows: readonly Row[], style: Paint): string[] {
  const widths = widthsOf(headings, rows);
  const line = (row: Row, styleOf: (cell: string) => Parameters<Paint>[0]) => {
    const last = row.findLastIndex((cell) => cell !== '');
    const cells = row.slice(0, last + 1).map((cell, column) => {
      const padding = column === last ? '' : ' '.repeat(Math.max(0, (widths[column] ?? 0) - cell.length));
      return style(cell === '' ? undefined : styleOf(cell), cell) + padding;
    });
    return `${cells.join(GAP).trimEnd()}\n`;
  };
  return [
    line(
      headings.map((heading) => heading.toUpperCase()),
      () => 'bold',
    ),
    ...rows.map((row) => line(row, styleOfState)),
  ];
}

/** Each row as lines of heading and value, and an empty line between rows. Empty cells are left out. */
export function blockLines(headings: Row, rows: readonly Row[], style: Paint): string[] {
  const width = Math.max(...headings.map((heading) => heading.length));
  const blocks = rows.map((row) =>
    headings.flatMap((heading, column) => {
      const cell = row[column] ?? '';
      if (cell === '') return [];
      const name = style('bold', heading.toUpperCase()) + ' '.repeat(width - heading.length);
      return [`${name}${GAP}${style(styleOfState(cell), cell)}\n`];
    }),
  );
  return blocks.flatMap((block, index) => (index === 0 ? block : ['\n', ...block]));
}

/** The width of a column counts characters as they are shown. */
function widthsOf(headings: Row, rows: readonly Row[]): number[] {
  return headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)));
}

/** `text` in at most `most` UTF-16 units, without half of a surrogate pair. */
function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
