/** One figure of the bench, as `--json` prints it. */
export interface Figure {
  name: string;
  value: number;
  /** The ends of the 95 % interval of the value; both the value itself where nothing varies. */
  low: number;
  high: number;
  unit: string;
  /** What the value should not exceed; missed when the whole interval lies above. Absent: shown beside another. */
  bar: number | null;
}

/** Two timings taken one after the other, in milliseconds. */
export interface Pair {
  ours: number;
  baseline: number;
}

/** 97.5 % quantile of the normal distribution: the half width of a 95 % interval in standard deviations. */
const Z = 1.96;

/**
 * The median of the pairs' ratios and its 95 % interval by order statistics: the number of ratios below the median is
 * binomial (n, 1/2), so the ranks n/2 -+ 1.96 * sqrt(n)/2 enclose it.
 */
export function ratioFigure(name: string, pairs: readonly Pair[], bar: number): Figure {
  const ratios = pairs.map(({ ours, baseline }) => ours / baseline).sort((a, b) => a - b);
  const n = ratios.length;
  const half = (Z * Math.sqrt(n)) / 2;
  const at = (rank: number) => ratios[Math.min(n - 1, Math.max(0, rank))] ?? Number.NaN;
  const value = (at(Math.floor((n - 1) / 2)) + at(Math.ceil((n - 1) / 2))) / 2;
  return {
    name,
    value,
    low: at(Math.floor(n / 2 - half)),
    high: at(Math.ceil(n / 2 + half) - 1),
    unit: 'ratio',
    bar,
  };
}

/** A figure that does not vary from run to run. */
export function exactFigure(name: string, value: number, unit: string, bar: number | null): Figure {
  return { name, value, low: value, high: value, unit, bar };
}

/** Whether the bar is missed: the whole interval lies above it. */
export function isMissed({ low, bar }: Figure): boolean {
  return bar !== null && low > bar;
}

/**
 * Takes `count` pairs, interleaved, and changes who goes first from pair to pair, so that drift hits both alike.
 * The first pairs warm up and are not counted.
 */
export async function takePairs(
  count: number,
  ours: (index: number) => Promise<number>,
  baseline: (index: number) => Promise<number>,
  warmUp = 3,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count + warmUp; index += 1) {
    const oursFirst = index % 2 === 0;
    const first = await (oursFirst ? ours : baseline)(index);
    const second = await (oursFirst ? baseline : ours)(index);
    if (index >= warmUp)
      pairs.push(oursFirst ? { ours: first, baseline: second } : { ours: second, baseline: first });
  }
  return pairs;
}
