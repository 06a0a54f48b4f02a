import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block that a page marks as runnable: `bash run`, with or without its variant `powershell run` next to it. */
export interface RunnableBlock {
  /** Of the block for bash, from 1. */
  line: number;
  bash: string;
  /** The same for PowerShell 7, where its syntax differs. Otherwise the same text. */
  powershell: string;
}

export interface RunnablePage {
  /** Path from the root of the package. */
  page: string;
  blocks: RunnableBlock[];
}

/**
 * The runnable blocks of a Markdown page in order.
 *
 * @throws Error when the block before a variant is not one for bash
 */
export function readRunnableBlocks(markdown: string): RunnableBlock[] {
  const blocks: RunnableBlock[] = [];
  let before: RunnableBlock | undefined;
  for (const { index, 1: kind, 2: text = '' } of markdown.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, index).split('\n').length;
    if (kind === 'bash run') {
      before = { line, bash: text, powershell: text };
      blocks.push(before);
      continue;
    }
    if (kind === 'powershell run') {
      if (!before) throw new Error(`The block in line ${line} is a variant, and no bash block is before it`);
      before.powershell = text;
    }
    before = undefined;
  }
  return blocks;
}

/** The pages whose blocks run against the local cloud (tests/flows/documentation.test.ts). */
const CLOUD_PAGES = ['alerts.md', 'data-protection.md', 'events.md', 'http-api.md', 'permissions.md'].map(
  (page) => `docs/${page}`,
);

/**
 * The pages with runnable blocks: those of the local cloud, and all others, whose blocks need Azure.
 *
 * @param root of the package
 */
export function readRunnablePages(root: string): { cloud: RunnablePage[]; azure: RunnablePage[] } {
  const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  const pages = ['README.md', ...docs.map((file) => `docs/${file}`)]
    .map((page) => ({ page, blocks: readRunnableBlocks(readFileSync(join(root, page), 'utf8')) }))
    .filter(({ blocks }) => blocks.length > 0);
  const isCloud = ({ page }: RunnablePage) => CLOUD_PAGES.includes(page);
  return { cloud: pages.filter(isCloud), azure: pages.filter((page) => !isCloud(page)) };
}
