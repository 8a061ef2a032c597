import { FEED_KINDS, type Title } from './status.js';

/** Tag under which everything of a title is stored. */
export function tagOf({ kind, id }: Title): string {
  return `${kind}:${id}`;
}

/** The title that a tag names, itself and no part of it. */
export function titleOf(tag: string): Title | undefined {
  for (const kind of FEED_KINDS) {
    if (!tag.startsWith(kind) || tag.charCodeAt(kind.length) !== COLON) continue;
    const rest = tag.slice(kind.length + 1);
    return DIGITS.test(rest) ? { kind, id: Number(rest) } : undefined;
  }
  return undefined;
}

const COLON = 58;
const DIGITS = /^\d{1,15}$/;
