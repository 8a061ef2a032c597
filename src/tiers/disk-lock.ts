import {
  existsSync,
  linkSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf } from './disk-errors.js';
import { type DiskEventListener, DiskStoreError } from './disk-types.js';

/** Directories this process holds: its own pid in a lock file otherwise means a former process with the same number. */
const held = new Set<string>();

/** ms after which the lock of another host (a container's predecessor) counts as dead when nobody refreshed it. */
const FOREIGN_SILENCE = 15_000;

interface Owner {
  readonly pid: number;
  /** Start time of the process in clock ticks (Linux), so that a reused pid is not taken for the owner; else ''. */
  readonly started: string;
  readonly host: string;
}

/** The right to write. Node has no flock: a file made exclusively, naming its owner, who is then looked for. */
export class WriterLock {
  readonly #path: string;
  readonly #directory: string;
  readonly #owner: Owner = { pid: process.pid, started: statusOf(process.pid).started, host: hostname() };

  private constructor(directory: string) {
    this.#directory = directory;
    this.#path = join(directory, 'lock');
  }

  static acquire(directory: string, onEvent: DiskEventListener): WriterLock {
    const lock = new WriterLock(realpathSync(directory));
    if (held.has(lock.#directory)) throw inUse(directory, process.pid);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      try {
        lock.#create();
        held.add(lock.#directory);
        return lock;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') {
          throw new DiskStoreError('unwritable', `cannot write ${lock.#path}`, { cause: error });
        }
      }
      const owner = readOwner(lock.#path);
      if (owner !== undefined && lives(owner, lock.#path)) throw inUse(directory, owner.pid);
      if (lock.#takeAway(owner)) onEvent({ type: 'stale-lock', pid: owner?.pid ?? 0 });
    }
    throw inUse(directory, 0);
  }

  /** Links a file that is complete already: nobody ever sees an empty lock. Throws EEXIST when there is one. */
  #create(): void {
    const draft = `${this.#path}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(this.#owner));
    try {
      linkSync(draft, this.#path);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Moves the lock of a dead owner aside. False when another process was faster and what was moved is its own lock. */
  #takeAway(dead: Owner | undefined): boolean {
    const aside = `${this.#path}.stale-${process.pid}`;
    try {
      renameSync(this.#path, aside);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
    const moved = readOwner(aside);
    const right = moved?.pid === dead?.pid && moved?.started === dead?.started;
    if (!right && !existsSync(this.#path)) renameSync(aside, this.#path);
    rmSync(aside, { force: true });
    return right;
  }

  /** Tells other hosts that share the volume that the owner lives: the file system sets the time. A disk that hangs holds up nobody. */
  async refresh(): Promise<void> {
    try {
      // The same bytes over the old ones: on a disk that is full or hangs nobody ever finds the file empty.
      const file = await open(this.#path, 'r+');
      await file.write(JSON.stringify(this.#owner), 0).finally(() => file.close());
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      if (held.has(this.#directory)) this.#create(); // taken away; not if it was released meanwhile
    }
  }

  /** What cannot be taken away names a process that is gone: the next writer takes it over. */
  release(): void {
    held.delete(this.#directory);
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // Nothing of ours is there: another file is in the place of the directory, or it is read-only.
    }
  }
}

/** The living process that writes the store in `directory`; undefined when there is none, or no store. */
export function livingOwner(directory: string): number | undefined {
  const path = join(directory, 'lock');
  const owner = readOwner(path);
  return owner !== undefined && lives(owner, path) ? owner.pid : undefined;
}

function inUse(directory: string, pid: number): DiskStoreError {
  return new DiskStoreError(
    'in-use',
    `disk store ${directory} is in use by process ${pid}; stop it or use another directory`,
  );
}

function readOwner(path: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // half-written by a process that died, or gone meanwhile: stale either way
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, started, host } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || typeof started !== 'string' || typeof host !== 'string') return undefined;
  return { pid, started, host };
}

function lives(owner: Owner, path: string): boolean {
  if (owner.host !== hostname()) {
    // Its processes cannot be seen from here. Both times are the file system's, so no clocks are compared (I-13).
    const probe = `${path}.probe`;
    writeFileSync(probe, '');
    const silence = statSync(probe).mtimeMs - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    rmSync(probe, { force: true });
    return silence < FOREIGN_SILENCE;
  }
  if (owner.pid === process.pid) return false; // not in `held`: a predecessor with our pid, as in containers
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const { state, started } = statusOf(owner.pid);
  // A zombie has ended: whoever is to reap it has not done so yet.
  if (state === 'Z' || state === 'X') return false;
  return started === '' || owner.started === '' || started === owner.started;
}

/** Of a process, as proc(5) has it; empty texts where that is not to be had. */
function statusOf(pid: number): { readonly state: string; readonly started: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return { state: '', started: '' }; // not Linux, or no such process
  }
}
