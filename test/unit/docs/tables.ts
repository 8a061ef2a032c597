import { readFileSync } from 'node:fs';

/** A document of this repository. */
export function documentText(path: string): string {
  return readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
}

/**
 * The rows of the first table after a mark, each as its cells, without the two rows of the heading. Throws when the document has
 * no such mark, or no table after it: a table that cannot be found is never compared with anything.
 */
export function rowsAfter(mark: string, text: string): string[][] {
  const start = text.indexOf(mark);
  if (start < 0) throw new Error(`no ${mark}`);
  const lines = text.slice(start).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const table = lines.slice(first);
  const end = table.findIndex((line) => !line.startsWith('|'));
  const rows = table.slice(2, end < 0 ? undefined : end);
  if (first < 0 || rows.length === 0) throw new Error(`no table after ${mark}`);
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** What stands in code in a cell. */
export function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}
