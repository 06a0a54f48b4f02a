import type { DeliveryEngine } from './deliveryEngine';
import type { PostToReceiver } from './postToReceiver';
import type { SeededRandom } from './seededRandom';
import type { SigningKeys } from './signingKeys';
import type { Variants } from './variants';
import type { World } from './world';

/** What every route works with. */
export interface Simulation {
  world: World;
  variants: Variants;
  delivery: DeliveryEngine;
  post: PostToReceiver;
  random: SeededRandom;
  keys: SigningKeys;
  /** Milliseconds of `Date`, which a test may shift at any moment. */
  now: () => number;
  /** App id behind `development.{tenantId}` tokens. */
  appId: string;
  /** Origin of this server; filled in once it listens. */
  graphUrl: string;
  authorityUrl: string;
  /** Ends when the simulator closes. */
  closed: AbortSignal;
}
