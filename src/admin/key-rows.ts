import type { PurgeVerdict } from '../cache/purge-table.js';
import { ageAt, type EntryHead, freshUntil, usefulUntil } from '../tiers/entry.js';
import type { Row } from '../tiers/tier.js';
import type { EntryAnswer, KeyRow } from './answers/keys.js';

/** All that is known of one key from its copies, the nearest tier first; null without any. */
export function describeEntry(
  copies: readonly Row[],
  verdict: PurgeVerdict,
  now: number,
): EntryAnswer | null {
  const nearest = copies[0];
  if (nearest === undefined) return null;
  const { head } = nearest;
  const row = keyRow(copies, now);
  return {
    key: head.key,
    primary_key: head.primaryKey,
    state: stateOf(head, verdict, now),
    tier: nearest.tier,
    copies: copies.map(({ tier, bytes, head: { storedAt } }) => ({ tier, bytes, stored_at: iso(storedAt) })),
    status: head.status,
    headers: pairs(head.headers),
    coding: head.coding,
    recoded: head.recoded,
    class: head.class,
    tags: [...head.tags],
    epoch: head.stamp,
    marker: head.marker,
    vary: [...head.vary],
    size: nearest.bytes,
    stored_at: iso(head.storedAt),
    fresh_until: iso(freshUntil(head)),
    useful_until: iso(usefulUntil(head)),
    age: row.age,
    ttl: row.ttl,
    lifetime: head.lifetime / 1000,
    memory_ttl: head.memoryFor / 1000,
    stale_while_revalidate: head.staleWhileRevalidate / 1000,
    stale_if_error: head.staleIfError / 1000,
  };
}

/** One row of a listing from the copies of one key, the nearest tier first. */
export function keyRow(copies: readonly Row[], now: number): KeyRow {
  const { head, bytes, tier } = copies[0]!;
  const age = ageAt(head, now);
  return {
    key: head.key,
    tier,
    tiers: [...new Set(copies.map((copy) => copy.tier))],
    class: head.class,
    status: head.status,
    size: bytes,
    age: Math.floor(age / 1000),
    ttl: Math.floor((head.lifetime - age) / 1000),
  };
}

function stateOf(head: EntryHead, verdict: PurgeVerdict, now: number): EntryAnswer['state'] {
  if (verdict === 'purged') return 'purged';
  const staleSince = Math.min(
    freshUntil(head),
    verdict === 'valid' ? Number.POSITIVE_INFINITY : verdict.staleSince,
  );
  if (now < staleSince) return 'fresh';
  return now < staleSince + Math.max(head.staleWhileRevalidate, head.staleIfError) ? 'stale' : 'expired';
}

function pairs(flat: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) fields.push([flat[i]!, flat[i + 1]!]);
  return fields;
}

/** Dates beyond what ISO 8601 text can hold would throw. */
function iso(ms: number): string {
  return new Date(Math.min(ms, 8.64e15)).toISOString();
}
