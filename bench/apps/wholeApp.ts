/** The baseline of bursts: the whole app, which the build gives the limits of noLimits.ts. */
import '../../functions/index';
