/** How often looks are noted without an answer: under 250 ms, in which a caller may send on after a 429. */
const NOTE_EVERY_MS = 10;
/** A request that the event loop meets now was not there at its last look, and may have been sent since the one before. */
const LOOKS = 2;

/** The times at which the event loop looked for requests. */
export interface SocketLooks {
  /** The earliest time at which a request that is met now may have been sent. */
  sentBy(): number;
  /** Notes the next looks, so that a request which answers what has just left counts as sent after it. */
  note(): void;
  stop(): void;
}

/** Notes looks every 10 ms, and when asked to, by the time of `now` in milliseconds. */
export function createSocketLooks(now: () => number): SocketLooks {
  let [before, last] = [now(), now()];
  let left = 0;
  // An immediate runs once behind each look (Node.js guide: the event loop, check), so two notes have a look between them.
  const noteOne = () => {
    [before, last] = [last, now()];
    left -= 1;
    if (left > 0) setImmediate(noteOne);
  };
  const note = () => {
    if (left === 0) setImmediate(noteOne);
    left = LOOKS;
  };
  const timer = setInterval(note, NOTE_EVERY_MS).unref();
  return { sentBy: () => before, note, stop: () => clearInterval(timer) };
}
