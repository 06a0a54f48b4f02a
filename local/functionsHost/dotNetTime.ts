/** A time (epoch milliseconds) as .NET writes it in a JSON document: with the offset of UTC, without trailing zeros. */
export function formatTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.?0*Z$/, '+00:00');
}

/** .NET's default DateTime, which stands for "never". */
export const NEVER = '0001-01-01T00:00:00';

const JSON_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * The text of a JSON string after Newtonsoft.Json has read it: a date becomes a DateTime, whose text is
 * `01/31/2026 23:59:59`. Every other text is unchanged.
 */
export function readAsDotNet(text: string): string {
  const date = JSON_DATE.test(text) ? new Date(text) : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) return text;
  const [, year = '', month = '', day = '', time = ''] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(date.toISOString()) ?? [];
  return `${month}/${day}/${year} ${time}`;
}
