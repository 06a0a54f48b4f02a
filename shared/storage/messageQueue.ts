/** A storage queue as the product sees it. Messages are JSON text; the implementation encodes them in base64. */
export interface MessageQueue {
  /**
   * Stores one message that never expires. When this resolves the message is durable. When it rejects the outcome is
   * unknown: the message may have been stored, so a caller that sends again must bear a repeat.
   */
  send(text: string, options?: SendOptions): Promise<void>;
}

export interface SendOptions {
  /** Seconds until the message becomes visible, 0 to 604,800 (7 days, the service's limit). */
  delaySeconds?: number;
  signal?: AbortSignal;
}
