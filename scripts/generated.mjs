// What scripts print into files of the repository.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Keeps what was printed in its file. With --check: exit 1 when the file says something else.
 * @param {string} path from the root of the repository
 * @param {string} wanted
 */
export function keep(path, wanted) {
  const file = new URL(`../${path}`, import.meta.url);
  const found = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (found === wanted) return;
  if (!process.argv.includes('--check')) return writeFileSync(file, wanted);
  console.error(`${path} is out of date: npm run build && npm run docs`);
  process.exitCode = 1;
}
