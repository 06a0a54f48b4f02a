/** A message taken out of sight for a while. */
export interface TakenMessage {
  /** Stays the same while the message is in its queue. */
  id: string;
  /** What was sent: decoded from base64, or the raw text where it is none. */
  text: string;
  /** Milliseconds since 1970. */
  insertedAt: number;
  /** The right to put it back or remove it, until it becomes visible again. */
  receipt: string;
}

/** What a person sees and does in a queue: for poison queues and for counting, never for work. */
export interface QueueContents {
  /** About how many messages wait, hidden ones included. */
  count(): Promise<number>;
  /** The time by the clock that sets `insertedAt`, to the second below it; milliseconds since 1970. */
  now(): Promise<number>;
  /** When the oldest of the first 32 visible messages came in, in milliseconds since 1970; undefined when none is visible. */
  oldest(): Promise<number | undefined>;
  /** Up to 32 messages, hidden from everybody else for `hideSeconds`; none when no more is visible. */
  take(hideSeconds: number): Promise<TakenMessage[]>;
  /** Makes a message visible at once. False when its time had run out: it was visible already. */
  putBack(message: TakenMessage): Promise<boolean>;
  /** False when its time had run out: somebody else may hold it, and it is still there. */
  remove(message: TakenMessage): Promise<boolean>;
}
