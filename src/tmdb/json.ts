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

export function isObject(value: unknown): value is JsonMembers {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `application/json` and its relatives, parameters ignored. */
export function isJsonType(contentType: string): boolean {
  return /^\s*(?:application|text)\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(contentType);
}
