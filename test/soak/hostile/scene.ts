import { readdirSync, readlinkSync } from 'node:fs';
import { LiveBytes } from '../../support/live-bytes.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { childrenOf } from '../../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { within } from '../../support/region.js';
import { residentBytes, type Soak } from '../../support/soak.js';
import { Bystanders } from './bystander.js';
import { type Arrived, type RecordingOrigin, startRecordingOrigin } from './recording-origin.js';
import { type StrikeOptions, type Struck, strike } from './strike.js';

/** Stands in everything that an attack must not bring to the origin in a request that may be shared. */
export const PLANTED = 'planted';

/** Fields of a fill: our own, none of the client's (`tmdb/fill-headers.ts`), and Host and Connection of the proxy's connection. */
const FILL_FIELDS = /^(?:Host|Connection|Accept|Accept-Encoding|User-Agent|Via): /i;
/** With a body it is passed through, and its answer not stored. */
const FRAMED = /^(?:Content-Length|Transfer-Encoding): /i;
/** Of a request that is passed through: a fill is everybody's, and bears no one's. */
const OF_ONE_CLIENT = /^X-Request-Id: /i;
/** Of a field that may only be the key's: a stored part is one of its own. */
const RANGE = /^Range: bytes=\d/i;
/** How long sockets and flights of those who have left may take to go, ms. */
export const AFTERMATH_MS = 8000;
/** MEMORY_CACHE_BYTES of one process. */
const CACHE_BYTES = 16 * 1024 * 1024;
/** Beside the cache: code that is compiled when it is first run, series of metrics, buffers that are used again. */
const SLACK_BYTES = 16 * 1024 * 1024;
/** UPSTREAM_MAX_CONNECTIONS, of each of two groups: the API and images. */
const ORIGIN_CONNECTIONS = 20;
const GROUPS = 2;
/** After which a connection that nobody uses ends (`src/origin/pool.ts`), ms. */
const ORIGIN_IDLE_MS = 10_000;
const REQUEST_TIMEOUT_SECONDS = 5;
/** Nobody waits longer: an origin that is silent is given up after REQUEST_TIMEOUT, and this one is not. */
export const MOST_STALL_MS = REQUEST_TIMEOUT_SECONDS * 1000 + PATIENCE_MS;

/** One proxy under attack: its origin, the clients beside, and what must be so afterwards. */
export class Scene {
  readonly port: number;
  readonly #soak: Soak;
  /** Sockets of clients before anybody came. */
  readonly socketsBefore: number;
  /** Set by `open`. */
  #liveBefore = 0;
  /**
   * Somebody has sent a body in chunks since the origin was last judged, or before: an empty one is passed through and leaves no framing.
   * Where more came behind it that ended the connection, it may reach the origin when its client has long been answered.
   */
  #chunked: 'now' | 'before' | undefined;

  private constructor(
    readonly origin: RecordingOrigin,
    readonly proxy: ProxyProcess,
    private readonly live: LiveBytes,
    soak: Soak,
  ) {
    this.port = Number(new URL(proxy.url).port);
    this.#soak = soak;
    this.socketsBefore = this.sockets;
  }

  static async open(soak: Soak, env: Record<string, string> = {}): Promise<Scene> {
    const origin = await startRecordingOrigin();
    const live = new LiveBytes();
    const proxy = await startProxy({
      quiet: true,
      env: pointedAt(origin.url, {
        MEMORY_CACHE_BYTES: String(CACHE_BYTES),
        UPSTREAM_MAX_CONNECTIONS: String(ORIGIN_CONNECTIONS),
        WORKERS: '1',
        UPSTREAM_RATE: '100000',
        REQUEST_TIMEOUT: String(REQUEST_TIMEOUT_SECONDS),
        ...env,
        ...live.env(env.NODE_OPTIONS),
      }),
    });
    const scene = new Scene(origin, proxy, live, soak);
    // What the first requests load stays.
    await scene.beside(async () => {});
    scene.#liveBefore = await scene.#liveBytes();
    return scene;
  }

  /** The proxy and its workers. */
  get #pids(): number[] {
    return [this.proxy.pid, ...childrenOf(this.proxy.pid)];
  }

  /** Open sockets of the proxy; those to the origin are counted at the origin. */
  get sockets(): number {
    const all = this.#pids.map(
      (pid) => readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(pid, fd)).length,
    );
    return all.reduce((sum, count) => sum + count, 0) - this.origin.connections;
  }

  get residentBytes(): number {
    return this.#pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  }

  /** Sends bytes as a client does who is up to something, and counts them. */
  async strike(kind: string, bytes: Buffer | string, options?: StrikeOptions): Promise<Struck> {
    this.#soak.input(kind);
    this.#soak.requests++;
    if (/chunked/i.test(bytes.toString('latin1'))) this.#chunked = 'now';
    const began = performance.now();
    const struck = await strike(this.port, bytes, options);
    if (struck.hung)
      this.#soak.lose(
        `${kind}: neither answered nor closed: ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}`,
      );
    const ms = performance.now() - began;
    // Where it is known what is to come; what is not is listened to for a while in any case.
    if (options?.answers !== undefined) this.#soak.stalled(ms);
    this.#most('hostile_longest_ms', Math.round(ms));
    return struck;
  }

  /** Goes on while others ask for titles, and sees to it that they get them, then and afterwards. */
  async beside(attack: () => Promise<unknown>): Promise<void> {
    const bystanders = new Bystanders(this.port, this.#soak);
    try {
      await attack();
    } finally {
      await bystanders.stop();
    }
    for (let i = 1; i <= 8; i++) await bystanders.ask(`/3/movie/${i}`);
  }

  /** What has come to the origin; whatever the key does not cover, or is no request, is a mistake. */
  judgeOrigin(): Arrived[] {
    const arrived = this.origin.take();
    for (const line of this.origin.malformed.splice(0)) this.#soak.mistake(`at the origin: ${line}`);
    const passed = this.#chunked === undefined ? [FRAMED] : [FRAMED, OF_ONE_CLIENT];
    this.#chunked = this.#chunked === 'now' ? 'before' : undefined;
    for (const request of arrived) {
      const { method, target, lines } = request;
      const isFill = method === 'GET' && !lines.some((line) => passed.some((field) => field.test(line)));
      const strange = isFill ? lines.filter((line) => !FILL_FIELDS.test(line) && !RANGE.test(line)) : [];
      if (strange.length > 0) this.#soak.mistake(`a fill with fields of a client: ${target}: ${strange}`);
      if (target.includes(PLANTED)) this.#soak.mistake(`reached the origin: ${method} ${target}`);
    }
    return arrived;
  }

  /**
   * Sockets of clients go back to what they were before anybody came, those to the origin to what may be kept open for the next request,
   * and of memory only what the cache may hold stays.
   */
  async settled(): Promise<void> {
    await within(AFTERMATH_MS, async () => {
      const more = this.sockets - this.socketsBefore;
      this.#soak.measures.sockets_left_count = Math.max(0, more);
      if (more > 0) throw new Error(`${more} sockets of clients more than before`);
      const { connections, halfAsked } = this.origin;
      this.#most('origin_sockets_left_count', connections);
      if (halfAsked > 0 || connections > GROUPS * ORIGIN_CONNECTIONS)
        throw new Error(`${connections} sockets to the origin, ${halfAsked} of them with half a request`);
    });
    await within(
      AFTERMATH_MS,
      async () => {
        const more = (await this.#liveBytes()) - this.#liveBefore;
        this.#most('live_growth_bytes', more);
        if (more > CACHE_BYTES + SLACK_BYTES) throw new Error(`${more} bytes more than before`);
      },
      AFTERMATH_MS / 10,
    );
  }

  #most(measure: string, value: number): void {
    this.#soak.measures[measure] = Math.max(this.#soak.measures[measure] ?? value, value);
  }

  /** What the proxy and its workers hold when garbage is collected. */
  async #liveBytes(): Promise<number> {
    const all = await this.live.of(this.#pids, AFTERMATH_MS);
    return all.reduce((sum, bytes) => sum + bytes, 0);
  }

  async close(): Promise<void> {
    if (this.#soak.long) await this.#originIsLeftAlone();
    await this.proxy.stop();
    await this.origin.close();
    this.live.close();
  }

  /** When nobody asks, connections to it end as well. */
  async #originIsLeftAlone(): Promise<void> {
    await within(ORIGIN_IDLE_MS + AFTERMATH_MS, async () => {
      const { connections } = this.origin;
      if (connections > 0) throw new Error(`${connections} sockets to the origin are kept for nobody`);
    });
  }
}

function isSocket(pid: number, fd: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
  } catch {
    return false; // closed meanwhile
  }
}
