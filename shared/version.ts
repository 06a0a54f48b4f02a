/** The version of this build: `version` of package.json, which the build writes into the bundle. */
export { version } from '../package.json';
