import { Refusal } from '../http/readRequest';
import type { Simulation } from './simulation';

/**
 * Refuses a call on an object that was made a moment ago, where the variant says so: users report 404 and 403 for minutes after
 * a definition, a trigger or a printer was made, and no page says how long (known issues of Microsoft Graph name replication
 * delays). Listings show the object at once.
 *
 * @param madeAt milliseconds of `Date`; absent for an object of the scene
 */
export function requireSettled(
  { variants, now }: Pick<Simulation, 'variants' | 'now'>,
  madeAt: number | undefined,
  what: string,
): void {
  const { newObjectSettlesMs, newObjectAnswer } = variants;
  if (madeAt === undefined || now() >= madeAt + newObjectSettlesMs) return;
  throw newObjectAnswer === 'notFound'
    ? new Refusal(404, 'itemNotFound', `${what} does not exist.`)
    : new Refusal(403, 'accessDenied', `${what} cannot be used.`);
}
