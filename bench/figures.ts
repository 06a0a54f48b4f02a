/** What a figure stands for. The name is its key in `Part.figures`. */
export interface FigureInfo {
  what: string;
  unit: 'ratio' | 'calls' | 'requests' | 'files' | 'MiB' | 'KiB' | 'ms' | 'per cent';
  /** What the value must not exceed, or null for a figure that is only shown. */
  bar: number | null;
}

/** The measured value of a figure. */
export interface Measured {
  value: number;
  /** The ends of the 95 % interval, or the lowest and the highest of few pairs. Both are the value itself where nothing varies. */
  low: number;
  high: number;
  /** How many pairs of timings it is the median of. */
  pairs?: number;
  /** What was counted, one line each, for `--verbose`. */
  details?: readonly string[];
}

/** One figure of the bench, as `--json` prints it. */
export interface Figure extends Measured, Pick<FigureInfo, 'unit' | 'bar'> {
  name: string;
}

/** Figures that are measured together. */
export interface Part {
  title: string;
  figures: Readonly<Record<string, FigureInfo>>;
  /**
   * Measures at least the wanted figures.
   * @throws when the measured run did not do what the figure assumes
   */
  measure(context: { root: string; isWanted: (name: string) => boolean }): Promise<Record<string, Measured>>;
}

/** Two timings taken one after the other, in milliseconds. */
export interface Pair {
  ours: number;
  baseline: number;
}

/** 97.5 % quantile of the normal distribution: the half width of a 95 % interval in standard deviations. */
const Z = 1.96;

/** The lowest and the highest of fewer pairs enclose the median with less than 95 % (1 - 2 ** (1 - 6) is 97 %). */
const FEWEST_PAIRS = 6;

/**
 * The median of the pairs' ratios and its 95 % interval by order statistics: the number of ratios below the median is
 * binomial (n, 1/2), so the ranks n/2 -+ 1.96 * sqrt(n)/2 enclose it.
 */
export function medianRatio(pairs: readonly Pair[]): Measured {
  const ratios = pairs.map(({ ours, baseline }) => ours / baseline).sort((a, b) => a - b);
  const n = ratios.length;
  const half = (Z * Math.sqrt(n)) / 2;
  const at = (rank: number) => ratios[Math.min(n - 1, Math.max(0, rank))] ?? Number.NaN;
  const value = (at(Math.floor((n - 1) / 2)) + at(Math.ceil((n - 1) / 2))) / 2;
  return { value, low: at(Math.floor(n / 2 - half)), high: at(Math.ceil(n / 2 + half) - 1), pairs: n };
}

/** A value that does not vary from run to run, or is measured once. */
export function exact(value: number, details?: readonly string[]): Measured {
  return { value, low: value, high: value, ...(details && { details }) };
}

/** Whether the bar is missed: the whole interval lies above it, or the median of fewer pairs than an interval needs. */
export function isMissed({ value, low, bar, pairs = FEWEST_PAIRS }: Figure): boolean {
  return bar !== null && (pairs < FEWEST_PAIRS ? value : low) > bar;
}

/**
 * Takes `count` pairs, interleaved. The order within a pair alternates, so that drift affects both alike.
 * The first `warmUp` pairs are not counted.
 */
export async function takePairs(
  count: number,
  ours: () => Promise<number>,
  baseline: () => Promise<number>,
  warmUp: number,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count + warmUp; index += 1) {
    const oursFirst = index % 2 === 0;
    const first = await (oursFirst ? ours : baseline)();
    const second = await (oursFirst ? baseline : ours)();
    if (index >= warmUp) pairs.push(oursFirst ? { ours: first, baseline: second } : { ours: second, baseline: first });
  }
  return pairs;
}

/** The figures as a Markdown table. */
export function formatTable(figures: readonly (Figure & { what: string })[]): string {
  const rows = figures.map((figure) => {
    const { name, value, low, high, unit, bar, what } = figure;
    return [
      `\`${name}\``,
      show(value, unit),
      low === high ? '' : `${show(low, unit)} to ${show(high, unit)}`,
      unit,
      bar === null ? '' : `at most ${bar}`,
      bar === null ? '' : isMissed(figure) ? 'missed' : 'met',
      what,
    ];
  });
  const lines = [
    ['figure', 'value', 'interval', 'unit', 'bar', '', 'what'],
    ['---', '--:', '---', '---', '---', '---', '---'],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function show(value: number, unit: FigureInfo['unit']): string {
  if (unit === 'ms') return value.toFixed(1);
  return unit === 'ratio' || unit === 'MiB' ? value.toFixed(2) : String(value);
}
