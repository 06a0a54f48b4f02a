import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../../shared/parse';
import { readZip } from './readZip';

const ROOT = join(__dirname, '..', '..');

/** What `npm run package` made, read back. */
export interface PackagedApp {
  /** What it printed. */
  output: string;
  archive: Buffer;
  /** The files of the archive by path. */
  files: Map<string, Buffer>;
  sbom: Record<string, unknown>;
  /** The texts of the SBOM and of the notices. */
  texts: { sbom: string; notices: string };
}

/** Runs `npm run package` into `folder`. */
export function packageApp(folder: string, env: NodeJS.ProcessEnv = {}): PackagedApp {
  const output = execFileSync(process.execPath, [join(ROOT, 'scripts', 'package.mjs'), folder], {
    env: { ...process.env, ...env },
    stdio: 'pipe',
    encoding: 'utf8',
  });
  const archive = readFileSync(join(folder, 'universal-print-receiver.zip'));
  const texts = {
    sbom: readFileSync(join(folder, 'universal-print-receiver.cdx.json'), 'utf8'),
    notices: readFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), 'utf8'),
  };
  const sbom: unknown = JSON.parse(texts.sbom);
  if (!isRecord(sbom)) throw new Error('The SBOM is not an object');
  return { output, archive, files: readZip(archive), sbom, texts };
}

/** The objects of a list in a parsed document. */
export function recordsOf(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
