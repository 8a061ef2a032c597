import { readFile } from 'node:fs/promises';
import type { Clock } from '../clock.js';
import { replaceFile } from './files.js';
import type { HotKey } from './job.js';

/** What was counted before a restart counts half an hour after it; the time between two runs does not matter, ms. */
const HALVED_MS = 3_600_000;

export interface HotListParts {
  readonly path: string;
  readonly clock: Pick<Clock, 'steady'>;
  /** Keys that are remembered. */
  readonly most: number;
  /** What each process of the node has counted. */
  readonly counted: (most: number) => Promise<readonly (readonly HotKey[])[]>;
}

/** The hottest keys of a node, over its processes and over restarts (`hot.json`). */
export class HotList {
  readonly #parts: HotListParts;
  #before: readonly HotKey[] = [];
  #loadedAt = 0;

  constructor(parts: HotListParts) {
    this.#parts = parts;
  }

  /** What an earlier run has saved. A file that is missing or damaged is none; never rejects. */
  async load(): Promise<void> {
    const text = await readFile(this.#parts.path, 'utf8').catch(() => '');
    this.#before = savedOf(text);
    this.#loadedAt = this.#parts.clock.steady();
  }

  /** The hottest first. */
  async top(most = this.#parts.most): Promise<HotKey[]> {
    const faded = 2 ** ((this.#loadedAt - this.#parts.clock.steady()) / HALVED_MS);
    const hits = new Map<string, number>();
    const add = (key: string, more: number) => hits.set(key, (hits.get(key) ?? 0) + more);
    for (const { key, hits: before } of this.#before) add(key, before * faded);
    // Ties go to those of before the restart, which come first: the sort is stable.
    for (const keys of await this.#parts.counted(this.#parts.most))
      for (const { key, hits: now } of keys) add(key, now);
    const sorted = [...hits].sort(([, a], [, b]) => b - a).slice(0, most);
    return sorted.map(([key, count]) => ({ key, hits: Number(count.toPrecision(4)) }));
  }

  /** Rejects with the system's error. */
  async save(): Promise<void> {
    const keys = await this.top();
    if (keys.length === 0) return;
    await replaceFile(this.#parts.path, JSON.stringify({ v: 1, keys }));
  }
}

function savedOf(text: string): HotKey[] {
  try {
    const { v, keys } = JSON.parse(text) as { v: unknown; keys: unknown };
    return v === 1 && Array.isArray(keys) ? (keys as unknown[]).filter(isHotKey) : [];
  } catch {
    return [];
  }
}

function isHotKey(value: unknown): value is HotKey {
  if (typeof value !== 'object' || value === null) return false;
  const { key, hits } = value as Partial<HotKey>;
  return typeof key === 'string' && typeof hits === 'number' && hits >= 0;
}
