import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { type HubFetcher, startHub } from './hub-server.js';

/** Longest path a Unix socket may have on Linux and macOS, less a margin. */
const MAX_SOCKET_PATH = 100;
const NAME = 'core.sock';
const TEMPORARY = 'tmdb-cache-proxy-';

/**
 * Where workers reach the core: beside the store, where only this user can write; in a temporary directory of our own where that path
 * is too long or can't be had. The path may be taken away while the node runs, with `CACHE_DIR` or by whoever cleans up; then
 * the worker that meets it first has it opened anew.
 */
export class HubSocket {
  readonly #directory: string;
  readonly #fetcher: HubFetcher;
  readonly #onMoved: (path: string) => void;
  #open!: { readonly server: Server; readonly path: string; readonly temporary: string | undefined };
  #renewing: Promise<string> | undefined;
  #closed = false;

  /** The store's lock in `directory` is held by then, so a socket there was left by a core that was killed. */
  static async open(
    directory: string,
    fetcher: HubFetcher,
    onMoved: (path: string) => void,
  ): Promise<HubSocket> {
    const socket = new HubSocket(directory, fetcher, onMoved);
    await sweep();
    await socket.#start();
    return socket;
  }

  private constructor(directory: string, fetcher: HubFetcher, onMoved: (path: string) => void) {
    this.#directory = directory;
    this.#fetcher = fetcher;
    this.#onMoved = onMoved;
  }

  get path(): string {
    return this.#open.path;
  }

  /** Where to ask from now on, for a worker that could not reach `lost`. */
  renew(lost: string): Promise<string> {
    if (lost !== this.path) return Promise.resolve(this.path);
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  close(): void {
    this.#closed = true;
    this.#shut();
  }

  #shut(): void {
    const { server, path, temporary } = this.#open;
    server.close();
    rmSync(temporary ?? path, { recursive: true, force: true });
  }

  async #renew(): Promise<string> {
    if (await answers(this.path)) return this.path; // too much at once, and over
    if (this.#closed) return this.path;
    this.#shut();
    await this.#start();
    if (this.#closed) this.#shut();
    else this.#onMoved(this.path);
    return this.path;
  }

  async #start(): Promise<void> {
    const beside = join(this.#directory, NAME);
    if (beside.length <= MAX_SOCKET_PATH) {
      try {
        rmSync(beside, { force: true });
        this.#open = { server: await startHub(beside, this.#fetcher), path: beside, temporary: undefined };
        return;
      } catch {
        // The directory has gone, or the medium takes no more.
      }
    }
    const temporary = mkdtempSync(join(tmpdir(), TEMPORARY));
    const path = join(temporary, NAME);
    this.#open = { server: await startHub(path, this.#fetcher), path, temporary };
  }
}

/** Folders that cores left behind which were killed: nobody listens on the socket in them. */
async function sweep(): Promise<void> {
  const folders = namesIn(tmpdir()).filter((name) => name.startsWith(TEMPORARY));
  await Promise.all(
    folders.map(async (name) => {
      const folder = join(tmpdir(), name);
      if (!isOurs(folder) || (await answers(join(folder, NAME)))) return;
      rmSync(folder, { recursive: true, force: true });
    }),
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A folder of this user with nothing but a socket in it. */
function isOurs(folder: string): boolean {
  try {
    const is = lstatSync(folder);
    const [name, ...others] = namesIn(folder);
    return is.isDirectory() && is.uid === process.getuid?.() && name === NAME && others.length === 0;
  } catch {
    return false; // gone meanwhile
  }
}

/** Codes of a connection that never came about: nothing was asked. */
const UNREACHED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'EACCES']);
/** More connections wait for the core than its socket queues: it is there, and busy. */
const BUSY = 'EAGAIN';
/** A worker that meets that tries again after so long, ms, so often. */
const BUSY_WAIT_MS = 5;
const BUSY_TRIES = 400;

/** A worker's way to that socket. */
export class HubConnector {
  #path: string;
  readonly #renew: (lost: string) => Promise<string>;
  readonly #clock: Pick<Clock, 'after'>;

  constructor(path: string, renew: (lost: string) => Promise<string>, clock: Pick<Clock, 'after'>) {
    this.#path = path;
    this.#renew = renew;
    this.#clock = clock;
  }

  async connect(): Promise<Socket> {
    const path = this.#path;
    try {
      return await this.#admitted(path);
    } catch (error) {
      if (!UNREACHED.has(codeOf(error))) throw error;
      this.#path = await this.#renew(path);
      return this.#admitted(this.#path);
    }
  }

  /** Connected, if need be after a while. */
  async #admitted(path: string): Promise<Socket> {
    for (let tries = 1; ; tries++) {
      try {
        return await connected(path);
      } catch (error) {
        if (codeOf(error) !== BUSY || tries === BUSY_TRIES) throw error;
        await new Promise<void>((resolve) => this.#clock.after(BUSY_WAIT_MS, resolve));
      }
    }
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.on('error', () => {}); // until its call listens, a turn later; that is told by `close` as well
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function answers(path: string): Promise<boolean> {
  return connected(path).then(
    (socket) => {
      socket.destroy();
      return true;
    },
    (error: unknown) => codeOf(error) === BUSY,
  );
}
