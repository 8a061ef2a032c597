/** A JSON object of unknown members. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** The value, or undefined when the bytes are not one whole JSON text (which never parses to undefined). */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Parses once a body that is looked at twice: whether it may be stored, then for its tags. */
export class ParsedOnce {
  /** Values go with their buffers: nobody need come for one. */
  readonly #values = new WeakMap<Buffer, unknown>();

  /** Parses, and keeps the value for who comes next. */
  parse(body: Buffer): unknown {
    const value = parseJson(body);
    if (value !== undefined) this.#values.set(body, value);
    return value;
  }

  /** The value that was kept, else parsed now; from here on it is the caller's alone. */
  take(body: Buffer): unknown {
    const value = this.#values.get(body) ?? parseJson(body);
    this.drop(body);
    return value;
  }

  /** Nobody comes for it: a stored body must not keep its value alive. */
  drop(body: Buffer): void {
    this.#values.delete(body);
  }
}

export function isObject(value: unknown): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `application/json` and its relatives, parameters ignored. */
export function isJsonType(contentType: string): boolean {
  return /^\s*(?:application|text)\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(contentType);
}
