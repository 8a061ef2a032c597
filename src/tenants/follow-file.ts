import { watch } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Clock } from '../clock.js';
import { KeysMistake } from './records.js';

/** A larger file is no list of keys, bytes. */
const MOST_BYTES = 8 * 1024 * 1024;
/** Renamed-over files, network drives and Kubernetes' links are not always told of: it is looked anyway, every so often, ms. */
const LOOK_MS = 2000;
/** After word of a change: writers seldom write once, ms. */
const SOON_MS = 50;

/** The file system, as far as it is needed here; tests have one of their own. */
export interface Files {
  /** Changes whenever the file does; rejects when there is none. */
  mark(path: string): Promise<string>;
  /** Rejects when the file can't be read. */
  read(path: string): Promise<string>;
  /** Calls back after changes in the file's directory, as far as they are told; the answer ends that. */
  watch(path: string, onChange: () => void): () => void;
}

const systemFiles: Files = {
  mark: async (path) => {
    const found = await stat(path, { bigint: true });
    // Reading a pipe waits for its writer, and a device has no end.
    if (!found.isFile()) throw new Error('it is no file');
    const { ino, size, mtimeNs } = found;
    if (size > MOST_BYTES) throw new Error('it is larger than 8 MiB');
    return `${ino} ${size} ${mtimeNs}`;
  },
  read: (path) => readFile(path, 'utf8'),
  watch: (path, onChange) => {
    try {
      // The directory: a file that is renamed over is another one.
      const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path) || name.startsWith('..')) onChange();
      });
      watcher.on('error', () => watcher.close());
      return () => watcher.close();
    } catch {
      return () => {};
    }
  },
};

export interface FollowedFileParts<T> {
  readonly path: string;
  /** Throws a KeysMistake. */
  readonly read: (text: string) => T;
  /** Whether half of a text like this would be refused by `read`. What may be half is taken when a second look has found the same. */
  readonly showsItsEnd: (text: string) => boolean;
  readonly clock: Clock;
  readonly files?: Files;
  /** With each good content that differs from the one before. */
  readonly onGood: (value: T) => void;
  /** Once per bad content; the last good one holds. */
  readonly onTrouble: (lines: readonly string[]) => void;
}

/**
 * Follows a file that others write. Only what was read whole and is valid is taken; anything else (half-written, empty, gone)
 * leaves what was there before, since keys that vanish by accident would lock everybody out.
 */
export class FollowedFile<T> {
  readonly #parts: FollowedFileParts<T>;
  readonly #files: Files;
  /** Of the last reading. Two writes within one tick of the file system's clock have one mark: each is read twice. */
  #mark: string | undefined;
  #readTwice = false;
  #judged: string | undefined;
  /** May be half of what is being written. */
  #unsure: string | undefined;
  #good = true;
  #looking: Promise<void> | undefined;
  #again = false;
  #cancel = () => {};
  #stopWatching = () => {};
  #closed = false;

  constructor(parts: FollowedFileParts<T>) {
    this.#parts = parts;
    this.#files = parts.files ?? systemFiles;
  }

  /** Whether the file is as it was last taken, or newer content of it was bad. */
  get good(): boolean {
    return this.#good;
  }

  /** Reads it and begins to follow. An empty file is good here: nobody has a key yet. Rejects with a KeysMistake. */
  async start(): Promise<T> {
    const { path, read } = this.#parts;
    let text: string;
    try {
      this.#mark = await this.#files.mark(path);
      text = await this.#files.read(path);
    } catch (thrown) {
      throw new KeysMistake([`cannot be read (${reasonOf(thrown)}); give the path of a readable file`]);
    }
    this.#judged = text;
    const value = read(text);
    this.#stopWatching = this.#files.watch(path, () => this.#lookIn(SOON_MS));
    this.#lookIn(LOOK_MS);
    return value;
  }

  /** Looks now. Resolves when what is there has been judged; never rejects. */
  look(): Promise<void> {
    if (this.#looking !== undefined) {
      this.#again = true;
      return this.#looking;
    }
    this.#looking = this.#lookUntilStill().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#stopWatching();
  }

  #lookIn(ms: number): void {
    if (this.#closed) return;
    this.#cancel();
    const next = () => this.#lookIn(this.#unsure === undefined ? LOOK_MS : SOON_MS);
    this.#cancel = this.#parts.clock.after(ms, () => void this.look().then(next));
  }

  async #lookUntilStill(): Promise<void> {
    do {
      this.#again = false;
      await this.#lookOnce();
    } while (this.#again && !this.#closed);
  }

  async #lookOnce(): Promise<void> {
    const { path } = this.#parts;
    let mark: string;
    let text: string;
    try {
      mark = await this.#files.mark(path);
      if (mark === this.#mark && this.#readTwice && this.#unsure === undefined) return;
      text = await this.#files.read(path);
      // Somebody is writing: the next look is soon enough.
      if ((await this.#files.mark(path)) !== mark) return;
    } catch (thrown) {
      this.#mark = undefined;
      this.#trouble(`unreadable: ${reasonOf(thrown)}`, [`cannot be read (${reasonOf(thrown)})`]);
      return;
    }
    if (this.#closed) return;
    this.#readTwice = mark === this.#mark;
    this.#mark = mark;
    this.#judge(text);
  }

  #judge(text: string): void {
    const before = this.#unsure;
    this.#unsure = undefined;
    if (text === this.#judged) return;
    if (text !== before && text.trim() !== '' && !this.#parts.showsItsEnd(text)) {
      this.#unsure = text;
      return;
    }
    if (text.trim() === '') {
      this.#trouble(text, ['is empty']);
      return;
    }
    let value: T;
    try {
      value = this.#parts.read(text);
    } catch (thrown) {
      this.#trouble(text, thrown instanceof KeysMistake ? thrown.mistakes : ['can not be judged']);
      return;
    }
    this.#judged = text;
    this.#good = true;
    this.#parts.onGood(value);
  }

  #trouble(judged: string, lines: readonly string[]): void {
    this.#good = false;
    if (this.#judged === judged) return;
    this.#judged = judged;
    this.#parts.onTrouble(lines);
  }
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return 'unknown error';
  return 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : thrown.message;
}
