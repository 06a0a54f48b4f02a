import type { PrintOrder } from '../graphSimulator/control/controlTypes';

/** The settings of a job as a person names them. */
export interface PrintSettings {
  pages?: { start: number; end: number };
  copies?: number;
  color?: boolean;
  grayscale?: boolean;
  duplex?: boolean;
}

/** The configuration of the job (resources/printjobconfiguration.md). */
export function configurationOf({ pages, copies, color, grayscale, duplex }: PrintSettings): Record<string, unknown> {
  return {
    ...(pages && { pageRanges: [pages] }),
    ...(copies !== undefined && { copies }),
    ...(grayscale && { colorMode: 'grayscale' }),
    ...(color && { colorMode: 'color' }),
    ...(duplex && { duplexMode: 'flipOnLongEdge' }),
  };
}

/** The person with this user principal name. */
export function userOf(userPrincipalName: string): NonNullable<PrintOrder['user']> {
  return { id: null, displayName: userPrincipalName.split('@')[0] ?? null, userPrincipalName };
}

/** A page such as `2`, or a range such as `1-3`. Undefined for any other text. */
export function parsePages(text: string): { start: number; end: number } | undefined {
  const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [start, end] = [Number(from), Number(to)];
  return from === '' || start < 1 || end < start ? undefined : { start, end };
}
