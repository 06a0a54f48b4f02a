import type { CallReport } from './callReport';
import type { Faults } from './faults';
import type { Reply } from './reply';
import type { Simulation } from './simulation';

/** What the control API works with. */
export interface ControlDeps {
  simulation: Simulation;
  faults: Faults;
  calls: CallReport;
  /** Puts every state, option and variant back to its beginning. */
  reset: () => void;
}

/** One call of the control API; ids of `params` are as given in the path. */
export interface ControlCall extends ControlDeps {
  params: Record<string, string>;
  query: URLSearchParams;
  body: unknown;
}

/** A path below /control and its handler. */
export interface ControlRoute {
  method: string;
  path: string;
  handle: (call: ControlCall) => Reply | Promise<Reply>;
}

/** The answer when the control API names something that does not exist. */
export function controlNotFound(what: string): Reply {
  return { status: 404, body: { error: { code: 'notFound', message: `${what} does not exist.` } } };
}
