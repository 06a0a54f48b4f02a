/** The whole app, which the build gives the limits of another file of this folder. */
import '../../functions/index';
