import type { SitePolicy } from '../cache/site.js';
import { targetOf } from './addresses.js';

/** One answered reading of an access log. */
export interface LoggedRead {
  /** As logged: credentials may be in it. */
  readonly target: string;
  /** Requests that the line stands for. */
  readonly times: number;
}

/** Common and combined log format; the rest of the line does not matter. */
const COMBINED = /"(?:GET|HEAD) (\S+) HTTP\/\d(?:\.\d)?" (?:200|304)\b/;

/** What the log of this proxy has in place of a credential. */
const MASKED = /\*\*\*|%2A%2A%2A/i;

/**
 * What a line tells: one of this proxy's own (JSON), or of common or combined log format. Undefined: no GET or HEAD that was
 * answered with 200 or 304, or where something masked is left that is needed.
 */
export function loggedRead(line: string): LoggedRead | undefined {
  if (line.startsWith('{')) return ownLine(line);
  const target = COMBINED.exec(line)?.[1];
  return target === undefined ? undefined : { target, times: 1 };
}

function ownLine(line: string): LoggedRead | undefined {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { method, path, status, hits } = record;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  if (typeof path !== 'string' || (status !== 200 && status !== 304)) return undefined;
  return { target: path, times: typeof hits === 'number' && hits >= 1 ? hits : 1 };
}

/** Counts how often targets come, of so many different ones: beyond, those that came least are forgotten. */
export class Frequencies {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most = 500_000) {
    this.#most = most;
  }

  add(target: string, times: number): void {
    this.#counts.set(target, (this.#counts.get(target) ?? 0) + times);
    for (let least = 1; this.#counts.size > this.#most; least *= 2) {
      for (const [old, count] of this.#counts) if (count <= least) this.#counts.delete(old);
    }
  }

  /** The most frequent first, ties in the order of the log. */
  top(most: number): string[] {
    const sorted = [...this.#counts].sort(([, a], [, b]) => b - a);
    return sorted.slice(0, most).map(([target]) => target);
  }
}

/** The canonical target of a logged request; undefined of what may not be shared or has a masked value left in it. */
export function loggedTarget(site: SitePolicy, { target }: LoggedRead): string | undefined {
  const canonical = targetOf(site, target);
  return canonical !== undefined && MASKED.test(canonical) ? undefined : canonical;
}
