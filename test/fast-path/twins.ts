import type { PurgeScope } from '../../src/cache/purge-table.js';
import type { ServerSettings } from '../../src/server/settings.js';
import { FakeClock } from '../support/fake-clock.js';
import { type SharedTier, Side, type SiteName } from './side.js';
import { type Masked, masked, stillness, Wire } from './wire.js';

export type Action =
  | {
      readonly kind: 'send';
      readonly line: number;
      /** Latin1. */
      readonly bytes: string;
      /** Where the bytes are parted, as shares of their length. */
      readonly cuts: readonly number[];
      /** The share that is sent at all. */
      readonly kept: number;
      /** Turns of the event loop between two pieces; undefined: until nothing moves any more. */
      readonly turns?: number | undefined;
    }
  | { readonly kind: 'half-close' | 'abandon'; readonly line: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | {
      readonly kind: 'purge';
      readonly scope: PurgeScope['kind'];
      readonly of: string;
      readonly soft: boolean;
    }
  | { readonly kind: 'change'; readonly of: string }
  | { readonly kind: 'forget' }
  | { readonly kind: 'ready'; readonly ready: boolean };

interface TwinsOptions {
  /** See `SideOptions`. */
  readonly usualReads?: boolean;
  /** What each of them has beside the usual, made for each. */
  readonly settings?: (clock: FakeClock) => Partial<ServerSettings>;
}

interface Pair {
  readonly plain: Wire;
  readonly fast: Wire;
}

/**
 * Two nodes alike in everything but the fast path, over one clock: whatever a client does to both must be answered by
 * both with the same bytes, told to the observer alike, and lead to the same questions to the origin.
 */
export class Twins {
  readonly clock = new FakeClock();
  readonly plain: Side;
  readonly fast: Side;
  requests = 0;
  readonly #lines = new Map<number, Pair>();
  readonly #ids = new Set<string>();
  #parted = false;
  #seenIds = { plain: 0, fast: 0 };

  constructor(
    site: SiteName,
    l2: SharedTier,
    { usualReads = false, settings = () => ({}) }: TwinsOptions = {},
  ) {
    const { clock } = this;
    this.plain = new Side({ site, l2, clock, fast: false, settings: settings(clock) });
    this.fast = new Side({ site, l2, clock, fast: true, usualReads, settings: settings(clock) });
  }

  async open(): Promise<this> {
    await Promise.all([this.plain.open(), this.fast.open()]);
    return this;
  }

  /** Ends all connections; what they leave behind is a difference too. */
  async close(): Promise<void> {
    const lines = [...this.#lines.values()];
    await Promise.all([this.plain.close(), this.fast.close()]);
    for (const { plain, fast } of lines) {
      plain.close();
      fast.close();
    }
    // A server is closed some turns before its last connections say so.
    const open = () => this.#sides.some((side) => side.listener.connections.size > 0 || side.active > 0);
    for (let turn = 0; turn < 1000 && open(); turn++) await new Promise(setImmediate);
    for (const { listener } of [this.plain, this.fast]) {
      const { size, active } = listener.connections;
      if (size !== 0 || active !== 0) throw new Error(`left behind: ${size} connections, ${active} requests`);
    }
  }

  async run(action: Action): Promise<void> {
    if (this.#parted) return;
    switch (action.kind) {
      case 'send':
        return this.#send(action);
      case 'half-close':
      case 'abandon':
        return this.#leave(action);
      case 'advance':
        this.clock.advance(action.ms);
        return this.#compare([]);
      case 'purge':
        for (const side of this.#sides) side.kit.purge(scopeOf(side, action.scope, action.of), action.soft);
        return;
      case 'change':
        for (const side of this.#sides) side.origin.change(action.of);
        return;
      case 'forget':
        await Promise.all(this.#sides.map((side) => side.kit.memory.clear()));
        return;
      case 'ready':
        for (const side of this.#sides) side.ready = action.ready;
    }
  }

  get #sides(): readonly Side[] {
    return [this.plain, this.fast];
  }

  async #send({ line, bytes, cuts, kept, turns }: Extract<Action, { kind: 'send' }>): Promise<void> {
    this.requests += 1;
    const all = Buffer.from(bytes, 'latin1');
    const sent = all.subarray(0, Math.ceil(kept * all.length));
    const at = [...cuts].map((cut) => Math.floor(cut * sent.length)).sort((a, b) => a - b);
    const pieces = [0, ...at].map((from, i) => sent.subarray(from, at[i] ?? sent.length));
    if (turns !== undefined) return this.#hurry(line, pieces, turns);
    for (const piece of pieces) {
      if (piece.length > 0 && !(await this.#sendPiece(line, piece))) return;
    }
  }

  /** False when the connection has ended: nobody hears the rest. */
  async #sendPiece(line: number, piece: Buffer): Promise<boolean> {
    const pair = await this.#pair(line);
    pair.plain.send(piece);
    pair.fast.send(piece);
    await this.#compare([pair], piece);
    if (!pair.plain.over) return true;
    this.#drop(line);
    return false;
  }

  /** The pieces meet whatever is under way. */
  async #hurry(line: number, pieces: readonly Buffer[], turns: number): Promise<void> {
    const pair = await this.#pair(line);
    for (const piece of pieces) {
      pair.plain.send(piece);
      pair.fast.send(piece);
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    }
    const all = Buffer.concat(pieces);
    await stillness([pair.plain, pair.fast]);
    await this.#compare([pair], all, false);
    if (pair.plain.over) this.#drop(line);
  }

  async #leave({
    line,
    kind,
  }: Extract<Action, { line: number; kind: 'half-close' | 'abandon' }>): Promise<void> {
    const pair = this.#lines.get(line);
    if (pair === undefined) return;
    if (kind === 'half-close') {
      pair.plain.endSending();
      pair.fast.endSending();
      await this.#compare([pair]);
    }
    this.#drop(line);
    await this.#compare([]);
  }

  async #pair(line: number): Promise<Pair> {
    const known = this.#lines.get(line);
    if (known !== undefined) return known;
    const [plain, fast] = await Promise.all([Wire.open(this.plain), Wire.open(this.fast)]);
    const pair = { plain, fast };
    this.#lines.set(line, pair);
    return pair;
  }

  #drop(line: number): void {
    const pair = this.#lines.get(line);
    this.#lines.delete(line);
    pair?.plain.close();
    pair?.fast.close();
  }

  async #compare(pairs: readonly Pair[], piece?: Buffer, inTurn = true): Promise<void> {
    if (pairs.length === 0) {
      // Refreshes that a change of the clock lets go, and clients' leaving.
      for (let turn = 0; turn < 5 || !this.plain.quiet || !this.fast.quiet; turn++) {
        await new Promise(setImmediate);
      }
    }
    await stillness(pairs.flatMap(({ plain, fast }) => [plain, fast]));
    const told = piece === undefined ? '' : ` after ${JSON.stringify(piece.toString('latin1'))}`;
    for (const { plain, fast } of pairs) {
      const [expected, got] = [masked(plain.take()), masked(fast.take())];
      const shown = ({ text }: Masked) => withoutSurplus(inTurn ? text : anyPlace(text));
      same(`bytes${told}`, shown(expected), shown(got));
      same(`the connection's end${told}`, plain.over, fast.over);
      this.#compareIds(expected.ids, got.ids);
    }
    const { plain, fast } = this;
    if (plain.abandoned || fast.abandoned) {
      // How far a fill had come when its client left, and so whether it went on, is a matter of a moment.
      this.#parted = true;
      return;
    }
    // What is pipelined is begun at once by node:http, and in turn behind a fast answer that waits for L2: then that
    // has brought into memory what the next is asked for.
    const listed = (list: string[]) =>
      (inTurn ? list.splice(0) : list.splice(0).map(anyPlace).sort()).join('\n');
    same(`what the observer was told${told}`, listed(plain.told), listed(fast.told));
    const [ofPlain, ofFast] = [listed(plain.origin.asked), listed(fast.origin.asked)];
    same(`what the origin was asked${told}`, withoutMadeIds(ofPlain), withoutMadeIds(ofFast));
  }

  /** Every answer has an id of its own, which is the one in the log. */
  #compareIds(plainIds: readonly string[], fastIds: readonly string[]): void {
    for (const id of [...plainIds, ...fastIds]) {
      if (this.#ids.has(id)) throw new Error(`the id ${id} was given twice`);
      this.#ids.add(id);
    }
    const logged = [this.plain.ids.slice(this.#seenIds.plain), this.fast.ids.slice(this.#seenIds.fast)];
    this.#seenIds = { plain: this.plain.ids.length, fast: this.fast.ids.length };
    for (const [i, ids] of [plainIds, fastIds].entries()) {
      for (const id of ids) if (!logged[i]!.includes(id)) throw new Error(`the id ${id} is not in the log`);
    }
  }
}

/** A request that is passed through tells the origin its id. */
function withoutMadeIds(text: string): string {
  return text.replace(/("X-Request-Id",")[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"/gi, '$1(id)"');
}

/** What a purge of this kind would name that means this target. */
export function scopeOf(side: Side, kind: PurgeScope['kind'], target: string): PurgeScope {
  if (kind === 'all') return { kind };
  const route = side.site.route({ method: 'GET', target, headers: [] });
  const key = route.kind === 'shared' ? route.key : 'none';
  const path = key.split('?', 1)[0]!;
  const names: Record<Exclude<PurgeScope['kind'], 'all'>, string> = {
    key,
    path,
    prefix: path.slice(0, -1),
    tag: route.kind === 'shared' ? (route.tags[0] ?? 'none') : 'none',
    class: route.kind === 'shared' ? route.class : 'none',
  };
  return { kind, name: names[kind] };
}

/**
 * Behind an answer that closes, node:http may or may not still tell of bytes that are no request: that depends on whether it
 * reads from the socket by itself or is handed the bytes, which is to say on whether anyone listens to `data`.
 */
function withoutSurplus(text: string): string {
  return text.replace(SURPLUS, '$1');
}

const SURPLUS =
  /(\r\nConnection: close\r\n[\s\S]*)HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n[\s\S]*$/;

/** Without which tier a hit came from and what was waited for, for clients and for the observer. */
function anyPlace(text: string): string {
  return text
    .replace(/(; detail=|"served":")(?:memory|disk|redis)\b/g, '$1(tier)')
    .replace(/"phases":\{[^}]*\},/g, '');
}

/** Shows the surroundings of the first difference: bodies are long. */
function same(what: string, expected: string | boolean, got: string | boolean): void {
  if (expected === got) return;
  const [a, b] = [String(expected), String(got)];
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 300), at + 900));
  throw new Error(`${what} differ at ${at}\nnode:http: ${around(a)}\nfast path: ${around(b)}`);
}
