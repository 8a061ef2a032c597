import type { Bases } from '../http/bases.js';
import { keyOf, pathTag } from './names.js';
import { readTarget } from './target.js';

const ADDRESS = /^https?:\/\/(?:[^/?#@]*@)?([^/?#@]+)([^#]*)/i;

/**
 * What a purge by address names: a path is all its variants (a tag), a path with a query is one key. Full URLs count when
 * they are below the upstream's addresses or ours.
 */
export function addressTarget(
  url: string,
  bases: Bases,
): { key?: string; tags?: readonly string[] } | undefined {
  const text = url.trim().replace(/#.*$/s, '');
  let target = text;
  if (!text.startsWith('/')) {
    const address = ADDRESS.exec(text);
    const below = address && bases.below(address[1]!, address[2]!);
    if (below === null || below === undefined) return undefined;
    target = below.startsWith('/') ? below : `/${below}`;
  }
  const read = readTarget(asBytes(target));
  if ('fault' in read) return undefined;
  return read.query === '' ? { tags: [pathTag(read.path)] } : { key: keyOf(read.path + read.query) };
}

/** People type addresses as text, sockets deliver bytes: text beyond ASCII, and spaces, become UTF-8 escapes. */
function asBytes(text: string): string {
  return text.replace(/[^!-~]+/gu, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
