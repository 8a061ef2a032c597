// The Markdown files of this repository, as the checks of documents read them.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** @returns {Map<string, string>} the text of every document by its path, whether committed yet or not */
export function documents() {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md']);
  const paths = listed.toString().trim().split('\n').filter(existsSync);
  return new Map(paths.map((path) => [path, readFileSync(path, 'utf8')]));
}

const FENCE = /^ *(`{3,}|~{3,})[^\n]*\n([\s\S]*?)^ *\1[^\n]*$/gm;
const INLINE = /`([^`\n]+)`/g;

/** @param {string} text @returns {string} without blocks and pieces of code: what Markdown reads as Markdown */
export const withoutCode = (text) => withoutBlocks(text).replace(INLINE, '');

/** @param {string} text @returns {string} without blocks of code */
export const withoutBlocks = (text) => text.replace(FENCE, '');

/** @param {string} text @returns {string[]} blocks of code, each whole */
export const blocksOf = (text) => [...text.matchAll(FENCE)].map(([, , block]) => block);

/** @param {string} text @returns {string[]} pieces of code within lines */
export const piecesOf = (text) => [...withoutBlocks(text).matchAll(INLINE)].map(([, piece]) => piece);
