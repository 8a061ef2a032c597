/** An entity-tag, RFC 9110 section 8.8.3. `opaque` is without its quotes. */
export interface EntityTag {
  readonly weak: boolean;
  readonly opaque: string;
}

const ENTITY_TAG = /^(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"$/;
const NEXT_TAG = /[\t ]*((?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")[\t ]*(?:,|$)/y;

/** A single entity-tag; undefined when the value is none (unquoted, lower-case `w/`, several). */
export function parseEntityTag(value: string): EntityTag | undefined {
  const m = ENTITY_TAG.exec(value);
  return m === null ? undefined : { weak: m[1] !== undefined, opaque: m[2]! };
}

/** Entity-tags of a list; members that are none are skipped, which only makes a match less likely. */
export function parseEntityTags(value: string): EntityTag[] {
  const tags: EntityTag[] = [];
  let at = 0;
  while (at < value.length) {
    NEXT_TAG.lastIndex = at;
    const m = NEXT_TAG.exec(value);
    if (m !== null) {
      tags.push(parseEntityTag(m[1]!)!);
      at = NEXT_TAG.lastIndex;
    } else {
      const comma = value.indexOf(',', at);
      at = comma === -1 ? value.length : comma + 1;
    }
  }
  return tags;
}

/** Same bytes for certain: neither is weak and the opaque parts agree (section 8.8.3.2). */
export function strongMatch(a: EntityTag, b: EntityTag): boolean {
  return !a.weak && !b.weak && a.opaque === b.opaque;
}

/** Equivalent content: the opaque parts agree (section 8.8.3.2). */
export function weakMatch(a: EntityTag, b: EntityTag): boolean {
  return a.opaque === b.opaque;
}

/** `value` as a weak tag. For a representation this proxy recoded: its bytes are no longer those the tag named. */
export function weaken(value: string): string {
  return value.startsWith('"') ? `W/${value}` : value;
}
