const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long after the start something happened, such as `+940 ms`, `+2.41 s` or `+1 min 45 s`. */
export function shownOffset(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < SECOND) return `+${whole} ms`;
  if (whole < MINUTE) return `+${(Math.floor(whole / 10) / 100).toFixed(2)} s`;
  const seconds = Math.floor(whole / SECOND);
  return seconds < 3_600
    ? `+${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `+${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/** The time that is left, such as `2 d 23:04:09`. `expired` when none is. */
export function shownRemaining(ms: number): string {
  if (ms <= 0) return 'expired';
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const clock = `${two((ms % DAY) / HOUR)}:${two((ms % HOUR) / MINUTE)}:${two((ms % MINUTE) / SECOND)}`;
  return ms >= DAY ? `${Math.floor(ms / DAY)} d ${clock}` : clock;
}

/** The time of day on this machine, such as `14:03:27`. */
export function shownClock(at: number): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
