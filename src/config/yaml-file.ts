import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type { ParsedNode } from 'yaml';
import { errorCode, type Mistakes } from './config-error.js';
import type { SourceOptions } from './sources.js';

const require = createRequire(import.meta.url);
/** Loaded when a file is given: 75 ms of CPU and 10 MB that most starts have no use for. */
const yaml = () => require('yaml') as typeof import('yaml');

/**
 * YAML whose scalars all stay text: a hexadecimal key of digits only would otherwise be rounded as a number. Syntax
 * errors are told by line and column without the parser's excerpt, which could show a secret.
 */
export function readConfigFile(
  path: string,
  { cwd, readFile }: Pick<SourceOptions, 'cwd' | 'readFile'>,
  mistakes: Mistakes,
): Record<string, string> {
  const { LineCounter, parseDocument, isMap, isScalar } = yaml();
  const values: Record<string, string> = {};
  let content: string;
  try {
    content = readFile(resolve(cwd, path));
  } catch (thrown) {
    mistakes.add('--config', `cannot be read (${errorCode(thrown)}); give the path of a YAML file`, path);
    return values;
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { schema: 'failsafe', prettyErrors: false, lineCounter: lines });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    mistakes.add('--config', `line ${line}, column ${col} is not valid YAML (${error.code})`, path);
  }
  const { contents } = document;
  if (document.errors.length > 0 || contents === null || isEmpty(contents)) return values;
  if (!isMap(contents)) {
    mistakes.add('--config', 'write one "NAME: value" a line', path);
    return values;
  }
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const text = scalarText(value);
    if (name === '' || text === undefined) {
      const where = lines.linePos((key as ParsedNode).range[0]).line;
      mistakes.add('--config', `line ${where}: write "NAME: value", or a list of plain values`, path);
      continue;
    }
    values[name] = text;
  }
  return values;
}

function scalarText(node: unknown): string | undefined {
  const { isScalar, isSeq } = yaml();
  if (node === null || isEmpty(node)) return '';
  if (isScalar(node)) return String(node.value);
  if (!isSeq(node)) return undefined;
  const items = node.items.map((item) => (isScalar(item) ? String(item.value) : undefined));
  return items.includes(undefined) ? undefined : items.join(',');
}

/** Unquoted `null`, `~` or nothing, which the failsafe schema reads as text. */
function isEmpty(node: unknown): boolean {
  if (!yaml().isScalar(node) || node.type !== 'PLAIN') return false;
  return node.value === null || ['', 'null', '~'].includes(String(node.value));
}
