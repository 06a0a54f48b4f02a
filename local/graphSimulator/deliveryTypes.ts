/** One change or lifecycle notification for one subscription. */
export interface DeliveryItem {
  subscriptionId: string;
  tenantId: string;
  appId: string;
  url: string;
  printerId?: string;
  jobId?: string;
  taskId?: string;
  body: Record<string, unknown>;
}

/** One attempt at a POST, or an item that was lost or dropped on purpose (`status` null, `attempt` 0). */
export interface DeliveryAttempt {
  n: number;
  post: number;
  attempt: number;
  url: string;
  at: number;
  items: Omit<DeliveryItem, 'body' | 'url'>[];
  copy: number;
  status: number | null;
  answerMs: number;
  outcome: 'accepted' | 'retrying' | 'gaveUp' | 'lost' | 'dropped';
  error?: string;
}
