import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { forbidsTransform } from '../http/cache-control.js';
import { fieldValue } from '../http/headers.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import { inflated } from './inflate.js';
import type { NoStoreReason } from './outcome.js';
import type { SharedRoute, SitePolicy } from './site.js';

const deflate = promisify(gzip);

/** Below this a gzip member's own 20 bytes and the client's work outweigh the gain, bytes. */
const MIN_RECODE_BYTES = 1024;
/** Up to this many bytes are coded where they are: handing them to another thread costs the event loop as much or more. */
const MAX_CODED_HERE_BYTES = 4096;

/** What is stored of a complete body beside its head: made once per node, by whoever looked at it (a worker's core). */
export interface Made extends Pick<Entry, 'tags' | 'coding' | 'recoded'> {
  /** The coded bytes; undefined when the body is stored as it came. */
  readonly body: Buffer | undefined;
}

/** The bytes without their gzip once the site has looked at them, or why they may not be stored. */
export async function inspected(
  site: SitePolicy,
  route: SharedRoute,
  head: EntryHead,
  bytes: Buffer,
): Promise<Buffer | NoStoreReason> {
  // Nobody asked for another coding (I-19), so what it stands for cannot be told, and clients take none of it.
  if (head.coding === 'other' && site.ttlPolicy === 'content-type') return 'coding-mismatch';
  const plain = head.coding === 'gzip' ? await inflated(bytes) : bytes;
  if (plain === undefined) return 'coding-mismatch';
  return site.inspect(route, head.status, head.headers, plain) ?? plain;
}

/**
 * Tags a complete body that has passed the site's inspection and codes it: JSON that came plain is stored compressed, once,
 * off the event loop; every delivery then is free of it. `plain`: the body without its content coding.
 */
export async function make(
  site: SitePolicy,
  route: SharedRoute,
  head: EntryHead,
  plain: Buffer,
): Promise<Made> {
  const found = site.tagsOf(route, head.status, head.headers, plain);
  const tags = found.length === 0 ? head.tags : [...new Set([...head.tags, ...found])];
  const { coding, recoded } = head;
  const asItCame = { tags, coding, recoded, body: undefined };
  if (plain.length < MIN_RECODE_BYTES || !mayBeRecoded(site, head)) return asItCame;
  const coded = plain.length <= MAX_CODED_HERE_BYTES ? gzipSync(plain) : await deflate(plain);
  return coded.length < plain.length ? { tags, coding: 'gzip', recoded: true, body: coded } : asItCame;
}

/** Whether a body with this head is stored in a coding of ours, if that is worth it. */
export function mayBeRecoded(site: SitePolicy, { coding, headers }: EntryHead): boolean {
  if (!site.transforms || coding !== 'identity') return false;
  return isText(fieldValue(headers, 'content-type')) && !forbidsTransform(headers);
}

function isText(contentType: string | undefined): boolean {
  return (
    contentType !== undefined &&
    /^(text\/|application\/(json|.*\+json|xml|javascript)|image\/svg)/i.test(contentType)
  );
}
