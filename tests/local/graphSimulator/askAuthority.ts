import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { startHarness, type Harness } from './harness';

/** Starts a simulator for the tests of a file, which each begin with an empty world at the time of the machine. */
export function useAuthority() {
  let harness: Harness;
  let ca: string;
  beforeAll(async () => {
    harness = await startHarness();
    ca = await readFile(harness.simulator.caFile, 'utf8');
  });
  afterAll(() => harness.simulator.close());
  beforeEach(async () => {
    harness.clock.aheadMs = 0;
    await harness.control.reset();
  });
  return {
    harness: () => harness,
    ask: (method: string, where: string, form?: Record<string, string>) =>
      askAuthority({ authorityUrl: harness.simulator.authorityUrl, ca }, method, where, form),
  };
}

/** What the simulated sign-in service answered. */
interface AuthorityAnswer {
  status: number;
  location: string | undefined;
  body: Record<string, unknown>;
  /** The body of a page. */
  text: string;
}

/** Sends one form to the sign-in service, trusting its certificate by `ca`. */
export function askAuthority(
  place: { authorityUrl: string; ca: string },
  method: string,
  where: string,
  form?: Record<string, string>,
): Promise<AuthorityAnswer> {
  return new Promise((resolve, reject) => {
    const text = new URLSearchParams(form).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': text.length };
    const options = { method, ca: place.ca, headers, agent: false as const };
    const call = request(`${place.authorityUrl}${where}`, options, (response) => {
      let body = '';
      response.on('data', (part: Buffer) => (body += part.toString()));
      response.on('end', () => {
        const parsed = body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: parsed, text: body });
      });
    });
    call.on('error', reject);
    call.end(text);
  });
}
