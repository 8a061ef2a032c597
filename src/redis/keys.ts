import { hash } from 'node:crypto';

/**
 * Names of everything we keep in Redis. The entry, its variants and its lease share a hash tag, hence a slot, so that
 * one script may look at them together (DESIGN, Keys). What nodes tell each other lies in one slot of its own.
 */
export class RedisKeys {
  readonly #prefix: string;

  /** `prefix`: `REDIS_KEY_PREFIX`; a brace in it would move the hash tag, so it is taken out. */
  constructor(prefix: string) {
    this.#prefix = prefix.replace(/[{}]/g, '_');
  }

  /** Begins the names of all entries; nothing else begins so. */
  get entries(): string {
    return `${this.#prefix}e:`;
  }

  /** Readable, for people with redis-cli; the tag is a digest, because a key may hold braces of its own. */
  entry(primaryKey: string, key: string): string {
    return `${this.entries}{${tag(primaryKey)}}:${key}`;
  }

  lease(primaryKey: string): string {
    return `${this.#prefix}l:{${tag(primaryKey)}}`;
  }

  /** One slot for everything nodes share: `clock`, `rules`, `nodes`, `node:<id>`, `rate:<group>`, … */
  bus(name: string): string {
    return `${this.#prefix}{bus}:${name}`;
  }

  /** Pub/sub channels are not sharded: they need no slot. */
  channel(name: string): string {
    return `${this.#prefix}bus:${name}`;
  }
}

/** 96 bits: two keys with one tag would only share a slot and a lease. */
function tag(primaryKey: string): string {
  return hash('sha256', primaryKey, 'base64url').slice(0, 16);
}
