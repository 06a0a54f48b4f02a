import type { LogLevel } from '../worker/coreTypes';

const ORDER = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

/**
 * The filter that host.json `logging.logLevel` describes: the longest category prefix wins, then `default`, then
 * Information.
 */
export function allowsLog(
  logLevels: Readonly<Record<string, string>>,
): (level: LogLevel, category: string) => boolean {
  const rules = Object.entries(logLevels)
    .map(([category, level]) => ({ category, threshold: ORDER.indexOf(level.toLowerCase()) }))
    .filter(({ threshold }) => threshold >= 0)
    .sort((a, b) => b.category.length - a.category.length);
  const fallback =
    rules.find(({ category }) => category.toLowerCase() === 'default')?.threshold ??
    ORDER.indexOf('information');
  const known = new Map<string, number>();
  return (level, category) => {
    let threshold = known.get(category);
    if (threshold === undefined) {
      threshold =
        rules.find((rule) => category === rule.category || category.startsWith(`${rule.category}.`))
          ?.threshold ?? fallback;
      known.set(category, threshold);
    }
    return ORDER.indexOf(level) >= threshold;
  };
}
