import { isListOf, isText } from '../redis/answers.js';
import type { RedisLink } from '../redis/link.js';
import { RedisTrouble } from '../redis/trouble.js';
import type { EntryHead } from './entry.js';
import { type Master, mastersOf, repliesOf } from './redis-masters.js';
import { decodeValueHead } from './redis-value.js';

export interface ScanParts {
  readonly control: RedisLink;
  /** Begins the names of all entries (`RedisKeys.entries`); matched literally, whatever is in it. */
  readonly entries: string;
  /** ms for one command. */
  readonly deadline: number;
  readonly now: () => number;
  /** Told of each call that failed: what it would have found is left out. */
  readonly onTrouble: (error: unknown) => void;
}

/** Names of entries on one master, and where SCAN goes on; '0' is the end. */
export interface Batch {
  readonly names: readonly string[];
  readonly next: string;
}

/** What is known of a stored value without its body. */
export interface StoredRow {
  readonly name: string;
  readonly head: EntryHead;
  /** Bytes of the value. */
  readonly bytes: number;
}

/** Bytes of a value in which its head nearly always ends; most heads take 1 kB. */
const HEAD_BYTES = 4096;

/** One step of SCAN; COUNT is about how many names of any kind Redis looks at. Never matches a user's key as a pattern. */
export function scanStep(parts: ScanParts, { node }: Master, cursor: string, count: number): Promise<Batch> {
  const pattern = `${parts.entries.replace(/[\\*?[\]]/g, '\\$&')}*`;
  return parts.control.call('scan', parts.deadline, async () => {
    const [next, names]: readonly unknown[] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', count);
    if (isText(next) && /^\d+$/.test(next) && isListOf(isText)(names)) return { next, names };
    throw new RedisTrouble('error', 'redis scan: an answer to something else');
  });
}

/** Heads of the named entries, in the order given. Left out is what is gone, damaged, or has moved to another master. */
export async function readHeads(
  parts: ScanParts,
  { node }: Master,
  names: readonly string[],
): Promise<StoredRow[]> {
  if (names.length === 0) return [];
  const now = parts.now();
  const pipeline = node.pipeline();
  for (const name of names)
    pipeline
      .pttl(name)
      .strlen(name)
      .getrangeBuffer(name, 0, HEAD_BYTES - 1);
  const replies = await parts.control.call('heads', parts.deadline, () => repliesOf(pipeline));
  const rows: StoredRow[] = [];
  for (const [i, name] of names.entries()) {
    const [pttl, bytes, start] = [replies[3 * i]![1], replies[3 * i + 1]![1], replies[3 * i + 2]![1]];
    if (typeof pttl !== 'number' || typeof bytes !== 'number' || !Buffer.isBuffer(start)) continue;
    let head = decodeValueHead(start, pttl, now);
    if (!head.ok && head.reason === 'truncated' && bytes > start.length) {
      const whole = await parts.control.call('head', parts.deadline, () => node.getBuffer(name));
      head = decodeValueHead(whole ?? Buffer.alloc(0), pttl, now);
    }
    if (head.ok) rows.push({ name, head: head.value, bytes });
  }
  return rows;
}

/** Takes the named entries away; resolves with how many there were. */
async function unlinkAll(parts: ScanParts, { node }: Master, names: readonly string[]): Promise<number> {
  if (names.length === 0) return 0;
  const { control, deadline } = parts;
  const pipeline = node.pipeline();
  // One each: on a cluster a command names keys of one slot only.
  for (const name of names) pipeline.unlink(name);
  const replies = await control.call('unlink', deadline, () => repliesOf(pipeline));
  let removed = 0;
  for (const [i, name] of names.entries()) {
    const [error, count] = replies[i]!;
    // Moved to another master since it was listed: the cluster's client finds it.
    if (error !== null) removed += await control.call('unlink', deadline, (redis) => redis.unlink(name));
    else removed += Number(count);
  }
  return removed;
}

/** Names looked at between two answers: about a millisecond of the server's time. */
const STEP = 500;
/** A change of masters while they are gone through starts that over, so often. */
const ROUNDS = 3;

/**
 * Goes through all entries on every master and removes those that `choose` names; resolves with how many. A master that
 * fails is left out, a change of topology in the middle starts over: best effort, it reclaims space and nothing else.
 */
export async function removeEntries(
  parts: ScanParts,
  choose: (master: Master, names: readonly string[]) => Promise<readonly string[]>,
): Promise<number> {
  let removed = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    await parts.control.remap(parts.deadline).catch(parts.onTrouble);
    const masters = mastersOf(parts.control);
    if (masters.length === 0)
      parts.onTrouble(new RedisTrouble('unreachable', 'redis scan: no master is known'));
    for (const master of masters) {
      try {
        for await (const names of batches(parts, master)) {
          removed += await unlinkAll(parts, master, await choose(master, names));
        }
      } catch (error) {
        parts.onTrouble(error);
      }
    }
    if (addresses(mastersOf(parts.control)) === addresses(masters)) break;
  }
  return removed;
}

/** All names of entries on one master, in steps. */
async function* batches(parts: ScanParts, master: Master): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const { names, next } = await scanStep(parts, master, cursor, STEP);
    yield names;
    cursor = next;
  } while (cursor !== '0');
}

/** Which masters there are, in one string. */
export function addresses(masters: readonly Master[]): string {
  return masters.map(({ address }) => address).join(' ');
}
