import type { LogLevel } from './worker/coreTypes';

/** One line of the log of a function or of the host. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly category: string;
  readonly function?: string;
  readonly invocationId?: string;
  readonly message: string;
}

/** Receives all output of the host. */
export interface Reporter {
  log(entry: LogEntry): void;
  event(name: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Whether host.json lets a line of this level and category through. */
type LogFilter = (level: LogLevel, category: string) => boolean;

/** Writes each event as one JSON line. Drops log lines below the level that host.json sets for their category. */
export function createReporter(write: (line: string) => void, allows: LogFilter): Reporter {
  const event = (name: string, fields: Readonly<Record<string, unknown>> = {}) =>
    write(`${JSON.stringify({ event: name, ...fields })}\n`);
  return {
    event,
    log({ level, category, ...rest }) {
      if (allows(level, category)) event('log', { time: new Date().toISOString(), level, category, ...rest });
    },
  };
}

const LEVELS = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

/** The host's own filter. Lines of libraries, such as `Azure.Core`, pass only if host.json names them or has a default. */
const OWN_CATEGORIES = /^(Host|Function|Worker|Microsoft)\b/;

/**
 * The filter of host.json `logging.logLevel`: the longest category prefix wins, then `default`, which replaces the host's
 * own filter, then Information for the categories of host and functions (documentation page configure-monitoring).
 */
export function createLogFilter(logLevels: Readonly<Record<string, string>>): LogFilter {
  const rules = Object.entries(logLevels)
    .map(([category, level]) => ({ category, threshold: LEVELS.indexOf(level.toLowerCase()) }))
    .filter(({ threshold }) => threshold >= 0)
    .sort((a, b) => b.category.length - a.category.length);
  const fallback = rules.find(({ category }) => category.toLowerCase() === 'default');
  return (level, category) => {
    const rule = rules.find((one) => category === one.category || category.startsWith(`${one.category}.`)) ?? fallback;
    if (!rule && !OWN_CATEGORIES.test(category)) return false;
    return LEVELS.indexOf(level) >= (rule?.threshold ?? LEVELS.indexOf('information'));
  };
}
