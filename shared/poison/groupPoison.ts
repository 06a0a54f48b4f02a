import type { PoisonMessage } from './poisonMessage';

/** Poison messages of one queue with one cause. */
export interface PoisonGroup {
  queue: string;
  cause: string;
  count: number;
  /** When the first and the last of them were given up; ISO 8601. */
  oldest: string;
  newest: string;
  tenants: string[];
  /** How many of them a replay can help. */
  replayable: number;
  /** Some of them, to look at. */
  ids: string[];
}

const MOST_IDS = 5;

/** Adds one message to its group; the largest group comes first when `sortGroups` has ordered them. */
export function addToGroup(groups: Map<string, PoisonGroup>, message: PoisonMessage): void {
  const name = `${message.queue}\n${message.cause}`;
  const at = new Date(message.insertedAt).toISOString();
  const group = groups.get(name) ?? {
    queue: message.queue,
    cause: message.cause,
    count: 0,
    oldest: at,
    newest: at,
    tenants: [],
    replayable: 0,
    ids: [],
  };
  groups.set(name, group);
  group.count += 1;
  if (at < group.oldest) group.oldest = at;
  if (at > group.newest) group.newest = at;
  if (message.replay !== undefined) group.replayable += 1;
  if (group.ids.length < MOST_IDS) group.ids.push(message.id);
  const { tenantId } = message;
  if (tenantId !== undefined && !group.tenants.includes(tenantId)) group.tenants.push(tenantId);
}

/** The groups, the largest first. */
export function sortGroups(groups: ReadonlyMap<string, PoisonGroup>): PoisonGroup[] {
  return [...groups.values()].sort((a, b) => b.count - a.count);
}
