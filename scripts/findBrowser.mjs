import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How to get a browser where findBrowser finds none. */
export const INSTALL_BROWSER =
  'Install one (Debian: sudo apt-get install chromium), or set TEST_BROWSER to the program of a Chromium, Chrome or Edge';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/**
 * The program of a browser that playwright-core drives: TEST_BROWSER if it is set, else one of the PATH or of the usual
 * places. Undefined if there is none.
 */
export function findBrowser({ TEST_BROWSER, PATH = '' } = process.env) {
  if (TEST_BROWSER) return existsSync(TEST_BROWSER) ? TEST_BROWSER : undefined;
  const inPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...inPath, ...PLACES].find((file) => existsSync(file));
}
