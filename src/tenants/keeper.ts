import type { Clock } from '../clock.js';
import { plural } from '../figures.js';
import { type Files, FollowedFile } from './follow-file.js';
import { SHORTEST_KEY } from './key-text.js';
import { isJsonForm, parseKeys } from './keys-file.js';
import { KeysMistake, type TenantRecord } from './records.js';
import { keySetOf, united } from './registry.js';
import type { KeySet } from './tenant.js';

export interface KeyKeeperParts {
  readonly clock: Clock;
  /** The text of `PROXY_KEYS`. */
  readonly variable: string | undefined;
  /** The path in `PROXY_KEYS_FILE`. */
  readonly file: string | undefined;
  readonly files?: Files;
  readonly warn: (message: string) => void;
  readonly info: (message: string) => void;
}

/** The keys of one node: those of the variable, and those of the file as it changes. */
export class KeyKeeper {
  readonly #parts: KeyKeeperParts;
  readonly #follower: FollowedFile<readonly TenantRecord[]> | undefined;
  #variable: readonly TenantRecord[] = [];
  #ofFile: readonly TenantRecord[] = [];
  #records: readonly TenantRecord[] = [];
  /** Tenants whose keys can be guessed. */
  readonly #warned = new Set<string>();
  #set: KeySet = { version: 0, tenants: [], keys: [] };
  #tell: (keys: KeySet) => Promise<void> = async () => {};

  constructor(parts: KeyKeeperParts) {
    this.#parts = parts;
    const { file, clock, files } = parts;
    if (file === undefined) return;
    this.#follower = new FollowedFile<readonly TenantRecord[]>({
      path: file,
      clock,
      ...(files !== undefined && { files }),
      read: (text) => {
        const records = parseKeys(text);
        united(this.#variable, records);
        return records;
      },
      showsItsEnd: isJsonForm,
      onGood: (records) => {
        this.#ofFile = records;
        this.#take(united(this.#variable, records));
        parts.info(`PROXY_KEYS_FILE was read again: ${this.#inWords()}`);
        void this.#tell(this.#set);
      },
      onTrouble: (lines) =>
        parts.warn(`PROXY_KEYS_FILE: ${lines.join('; ')}. The keys read before stay in force.`),
    });
  }

  /** Reads both. Rejects with a KeysMistake whose lines name the variables. */
  async start(): Promise<void> {
    const { variable, warn } = this.#parts;
    this.#variable = readVariable(variable);
    try {
      this.#ofFile = (await this.#follower?.start()) ?? [];
      this.#take(united(this.#variable, this.#ofFile));
    } catch (thrown) {
      throw thrown instanceof KeysMistake ? withName('PROXY_KEYS_FILE', thrown) : thrown;
    }
    if (this.#set.keys.length === 0)
      warn(
        `proxy keys are on and there is none: ${this.#set.anonymous === undefined ? 'every request is' : 'all but anonymous requests are'} refused. Make one with "tmdb-cache-proxy keys add <tenant>"`,
      );
  }

  /** Whether this text of `PROXY_KEYS` would do beside the file; throws a KeysMistake if not. Changes nothing. */
  check(variable: string | undefined): void {
    const records = readVariable(variable);
    named('PROXY_KEYS', () => united(records, this.#ofFile));
  }

  /** Another text of `PROXY_KEYS`. Throws as `check` does; resolves when processes have been told. */
  async use(variable: string | undefined): Promise<void> {
    const records = readVariable(variable);
    const all = united(records, this.#ofFile);
    if (JSON.stringify(all) === JSON.stringify(this.#records)) return;
    this.#variable = records;
    this.#take(all);
    await this.#tell(this.#set);
  }

  get set(): KeySet {
    return this.#set;
  }

  /** Every tenant with every key it ever had. */
  get records(): readonly TenantRecord[] {
    return this.#records;
  }

  tenant(name: string): TenantRecord | undefined {
    return this.#records.find((tenant) => tenant.name === name);
  }

  /** Whether the file says what is in force. */
  get fileIsGood(): boolean {
    return this.#follower?.good ?? true;
  }

  /** Told each new set. */
  onChange(tell: (keys: KeySet) => Promise<void>): void {
    this.#tell = tell;
  }

  close(): void {
    this.#follower?.close();
  }

  #take(records: readonly TenantRecord[]): void {
    this.#records = records;
    this.#set = keySetOf(records, this.#set.version + 1);
    for (const { name, keys } of records) {
      if (this.#warned.has(name) || !keys.some(({ weak }) => weak)) continue;
      this.#warned.add(name);
      this.#parts.warn(
        `a proxy key of tenant ${name} is shorter than ${SHORTEST_KEY} characters and can be guessed; make one with "tmdb-cache-proxy keys add ${name}"`,
      );
    }
  }

  #inWords(): string {
    const { tenants, keys } = this.#set;
    return `${plural(keys.length, 'key')} of ${plural(tenants.length, 'tenant')} in force`;
  }
}

function readVariable(text: string | undefined): readonly TenantRecord[] {
  return text === undefined ? [] : named('PROXY_KEYS', () => united(parseKeys(text), []));
}

function named<T>(variable: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof KeysMistake ? withName(variable, thrown) : thrown;
  }
}

function withName(variable: string, { mistakes }: KeysMistake): KeysMistake {
  return new KeysMistake(mistakes.map((line) => `${variable}: ${line}`));
}
