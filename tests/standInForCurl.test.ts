import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { readDocumentSteps } from './support/documentSteps';
import { standInForCurl } from './support/standInForCurl';

const ROOT = join(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'curl-'));
// No other curl is in this PATH.
const environment = { PATH: standInForCurl(ROOT, folder, '') };
let plain: Server;
let secure: Server;

beforeAll(async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  secure = await listen(createTlsServer({ key, cert }, answer));
  plain = await listen(createServer(answer));
}, 30_000);
afterAll(() => {
  for (const server of [plain, secure]) server.close();
  rmSync(folder, { recursive: true });
});

const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};
const urlOf = (server: Server, scheme = 'http') => `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Says what was asked; `/consent` sends the browser on, from https to http as the local cloud does. */
const answer: RequestListener = (request, response) => {
  if (request.url === '/missing') {
    response.writeHead(404).end('no such page');
    return;
  }
  if (request.url?.startsWith('/consent')) {
    response.writeHead(302, { location: `${urlOf(plain)}/landed?a=b` }).end('elsewhere');
    return;
  }
  void echo(request).then((said) => response.writeHead(200).end(said));
};

async function echo(request: IncomingMessage): Promise<string> {
  const key = request.headers['x-key'] ?? '';
  return `${request.method} ${request.url} ${String(key)}${await text(request)}\n`;
}

interface Ran {
  code: number | string | null | undefined;
  stdout: string;
  stderr: string;
}

function type(line: string, env: NodeJS.ProcessEnv = environment): Promise<Ran> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', line], { env }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, stdout, stderr });
    });
  });
}

/** Expected values: https://curl.se/docs/manpage.html, by option. */
describe('the stand-in for curl', () => {
  it.each([
    ['GET is the method without -d', () => `curl -s ${urlOf(plain)}/a`, 'GET /a \n'],
    ['-d posts', () => `curl -s ${urlOf(plain)}/a -d '{"b":"c d"}'`, 'POST /a {"b":"c d"}\n'],
    ['-X names the method', () => `curl -s -X PATCH ${urlOf(plain)}/a -d '{}'`, 'PATCH /a {}\n'],
    ['-H adds a header', () => `curl -s ${urlOf(plain)}/a -H 'X-Key: k: 1'`, 'GET /a k: 1\n'],
    ['without -L a redirect is the answer', () => `curl -sk ${urlOf(secure, 'https')}/consent`, 'elsewhere'],
    [
      '-k takes any certificate, -L goes where the answer sends it',
      () => `curl -skL "${urlOf(secure, 'https')}/consent"`,
      'GET /landed?a=b \n',
    ],
    [
      '-o takes the body away, -w says the status',
      () => `curl -skL "${urlOf(secure, 'https')}/consent" -o /dev/null -w '%{http_code}\\n'`,
      '200\n',
    ],
  ])('%s', async (_name, line, stdout) => {
    expect(await type(line())).toEqual({ code: 0, stdout, stderr: '' });
  });

  it('-f fails without the body where the status is 400 or above', async () => {
    expect(await type(`curl -f ${urlOf(plain)}/missing`)).toMatchObject({ code: 22, stdout: '' });
    expect(await type(`curl ${urlOf(plain)}/missing`)).toMatchObject({ code: 0, stdout: 'no such page' });
  });

  it('writes to the file of -o', async () => {
    const file = join(folder, 'body');
    expect(await type(`curl -s -o '${file}' ${urlOf(plain)}/a`)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(file, 'utf8')).toBe('GET /a \n');
  });

  it('runs every curl command of the documentation', async () => {
    const pages = ['docs/onboarding.md', 'docs/operations.md'].map((page) => readFileSync(join(ROOT, page), 'utf8'));
    const lines = pages
      .flatMap(readDocumentSteps)
      .flatMap((step) => (step.kind === 'command' && step.command.startsWith('curl ') ? [step.command] : []));
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines) {
      const here = line
        .replace(/\$\(npm [^)]*consent-url [^)]*\)/, `${urlOf(secure, 'https')}/consent`)
        .replace(/\$\(node .*?controlToken"\)/, 'token')
        .replace('http://127.0.0.1:7080', urlOf(plain));
      expect(here).toContain('http');
      expect(await type(here)).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it.each([
    ['an option that it does not know', 'curl -sS http://127.0.0.1:9', '-sS'],
    ['a long one', 'curl --fail http://127.0.0.1:9', '--fail'],
    ['a variable of -w that it does not know', "curl -w '%{time_total}' http://127.0.0.1:9", '%{time_total}'],
    ['no URL', 'curl -s', 'URL'],
  ])('refuses, by its name, %s', async (_name, line, named) => {
    const { code, stdout, stderr } = await type(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(named);
  });

  it('ends with an error where nobody answers, and at a certificate that nobody knows', async () => {
    expect(await type('curl -s http://127.0.0.1:1')).toMatchObject({ code: 7, stdout: '' });
    expect(await type(`curl -s ${urlOf(secure, 'https')}/a`)).toMatchObject({ code: 60, stdout: '' });
  });

  it('stands back where a curl is installed', async () => {
    const installed = mkdtempSync(join(tmpdir(), 'installed-curl-'));
    writeFileSync(join(installed, 'curl'), '#!/bin/sh\necho installed\n', { mode: 0o755 });
    const path = standInForCurl(ROOT, folder, installed);
    expect(path).toBe(`${installed}${delimiter}${folder}`);
    expect((await type('curl -s', { PATH: path })).stdout).toBe('installed\n');
    rmSync(installed, { recursive: true });
  });
});
