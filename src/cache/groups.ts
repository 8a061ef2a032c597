import type { RawHeaders } from '../http/headers.js';
import { cacheGroups } from '../http/invalidation.js';

const PREFIX = 'group:';

/** The tag of a group of stored responses (RFC 9875). Groups belong to an origin, and a site is one origin. */
export function groupTag(group: string): string {
  return PREFIX + group;
}

/** Tags of the groups a response says it belongs to (RFC 9875 section 2). */
export function groupTags(headers: RawHeaders): string[] {
  return cacheGroups(headers).map(groupTag);
}

export function isGroupTag(tag: string): boolean {
  return tag.startsWith(PREFIX);
}
