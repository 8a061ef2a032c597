import type { NodeRow } from '../admin/answers/cluster.js';
import { RESULTS } from '../cache/outcome.js';
import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import { PIECE_NAMES, PIECES, type PieceName, type SamplerSource } from './pieces.js';
import { ratesOf, type Step, Track } from './rates.js';
import type { NodeNow, Sample, State, Watched } from './wire.js';

export interface SamplerParts {
  readonly source: SamplerSource;
  readonly clock: Clock;
}

/** Between two samples, ms. */
export const SAMPLE_MS = 2000;
/** Nobody has asked for so long: nobody watches any more, ms. */
export const LEASE_MS = 10_000;
/** Samples that are remembered: ten minutes. */
export const MOST_SAMPLES = 300;
/** The first who asks waits for the first reading, but not for parts that are slow, ms. */
const FIRST_MS = 1000;
/** Readings of nodes that have gone are forgotten when so many others are known. */
const MOST_TRACKS = 1000;

/** A part of the state as it was last read. */
interface Read {
  readonly value: unknown;
  readonly text: string;
  /** Position at which it changed. */
  readonly seq: number;
}

/**
 * The one place of a node that looks at it for its dashboards. It begins with the first who watches and rests when nobody has asked for
 * a while; what it remembers and what it tells is bounded.
 */
export class Sampler {
  readonly #source: SamplerSource;
  readonly #clock: Clock;
  readonly #samples: { readonly seq: number; readonly began: number; readonly sample: Sample }[] = [];
  readonly #tracks = new Map<string, Track>();
  readonly #reads = new Map<keyof State, Read>();
  readonly #dueAt = new Map<PieceName, number>();
  readonly #reading = new Set<PieceName>();
  readonly #failed = new Set<keyof State>();
  #seq = 0;
  #wantedUntil = 0;
  #running: Promise<void> | undefined;

  constructor({ source, clock }: SamplerParts) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Whether it looks at the node at present. */
  get running(): boolean {
    return this.#running !== undefined;
  }

  /** What is new since a position; asking keeps it going. Never rejects. */
  async watch(after: number): Promise<Watched> {
    this.#wantedUntil = this.#clock.steady() + LEASE_MS;
    this.#running ??= this.#begin();
    await this.#running;
    const state: Record<string, unknown> = {};
    for (const [name, { seq, value }] of this.#reads) if (seq > after) state[name] = value;
    const samples = this.#samples.filter(({ seq }) => seq > after).map(({ sample }) => sample);
    return { seq: this.#seq, samples, state, failed: [...this.#failed] };
  }

  #begin(): Promise<void> {
    // A pause is no interval: rates over it would be those of nobody's time.
    this.#tracks.clear();
    this.#dueAt.clear();
    return within(this.#clock, FIRST_MS, this.#look(), () => {});
  }

  /** Looks once, and again later while somebody watches. Resolves with the last part, which may be slow. */
  async #look(): Promise<void> {
    const began = this.#clock.steady();
    this.#forgetOld(began);
    const parts = Promise.all(this.#due(began).map((name) => this.#read(name)));
    await this.#sample(began);
    this.#lookLater(began);
    await parts;
  }

  #lookLater(began: number): void {
    const left = Math.max(0, SAMPLE_MS - (this.#clock.steady() - began));
    this.#clock.after(left, () => {
      if (this.#clock.steady() < this.#wantedUntil) void this.#look();
      else this.#running = undefined;
    });
  }

  #due(now: number): PieceName[] {
    const free = PIECE_NAMES.filter((name) => !this.#reading.has(name));
    const due = free.filter((name) => (this.#dueAt.get(name) ?? 0) <= now);
    for (const name of due) this.#dueAt.set(name, now + PIECES[name].everyMs);
    return due;
  }

  async #sample(began: number): Promise<void> {
    const at = this.#clock.now();
    const rows = await this.#tried('nodes', () => this.#source.nodes());
    if (rows === undefined) return;
    const steps = rows.map((row) => this.#step(row));
    this.#take('nodes', rows.map(nodeNow(steps)));
    const self = steps[rows.findIndex((row) => row.self)];
    if (self === undefined) return;
    const known = steps.filter((step) => step !== undefined);
    const cluster = rows.length > 1 ? ratesOf(known) : null;
    this.#samples.push({ seq: ++this.#seq, began, sample: { at, node: ratesOf([self]), cluster } });
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
  }

  #step(row: NodeRow): Step | undefined {
    if (row.figures === undefined) return undefined;
    const track = this.#tracks.get(row.server_id) ?? new Track();
    if (this.#tracks.size >= MOST_TRACKS) this.#tracks.clear();
    this.#tracks.set(row.server_id, track);
    track.add(row.figures);
    return track.step();
  }

  async #read(name: PieceName): Promise<void> {
    this.#reading.add(name);
    const value = await this.#tried<object>(name, () => PIECES[name].read(this.#source));
    this.#reading.delete(name);
    if (value !== undefined) this.#take(name, value);
  }

  /** A part that can't be read stays as it was, and is told to be old. */
  async #tried<T extends object>(name: keyof State, read: () => Promise<T>): Promise<T | undefined> {
    try {
      const value = await read();
      this.#failed.delete(name);
      return value;
    } catch {
      this.#failed.add(name);
      return undefined;
    }
  }

  #take(name: keyof State, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#reads.get(name)?.text === text) return;
    this.#reads.set(name, { value, text, seq: ++this.#seq });
  }

  #forgetOld(now: number): void {
    const oldest = now - MOST_SAMPLES * SAMPLE_MS;
    while (this.#samples[0] !== undefined && this.#samples[0].began < oldest) this.#samples.shift();
  }
}

function nodeNow(steps: readonly (Step | undefined)[]) {
  return ({ figures: _, ...row }: NodeRow, i: number): NodeNow => {
    const step = steps[i];
    if (step === undefined) return { ...row, now: null };
    const { requests, hit_rate } = ratesOf([step]);
    return {
      ...row,
      now: { requests: RESULTS.reduce((sum, name) => sum + requests[name], 0), hit_rate: hit_rate.all },
    };
  };
}
