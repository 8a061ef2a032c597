/**
 * Header fields as they travel: a flat list `[name, value, name, value, …]` in the order, case and number in
 * which they came. Nothing here parses values. RFC 9110 section 5.
 */
export type RawHeaders = readonly string[];

/** The first value of field `name` (any case), or undefined. */
export function field(headers: RawHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (sameName(headers[i]!, wanted)) return headers[i + 1];
  }
  return undefined;
}

/** Every value of field `name` (any case) in order; empty when absent. */
export function fieldLines(headers: RawHeaders, name: string): string[] {
  const wanted = name.toLowerCase();
  const lines: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (sameName(headers[i]!, wanted)) lines.push(headers[i + 1]!);
  }
  return lines;
}

/** All lines of a list-valued field joined with ", " (RFC 9110 section 5.3), or undefined when absent. */
export function fieldValue(headers: RawHeaders, name: string): string | undefined {
  const lines = fieldLines(headers, name);
  return lines.length === 0 ? undefined : lines.join(', ');
}

/** Content-Length in bytes, or undefined when it is absent or no plain number (RFC 9110 section 8.6). */
export function announcedLength(headers: RawHeaders): number | undefined {
  const value = field(headers, 'content-length');
  return value !== undefined && /^[0-9]{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Whether field `name` is present. */
export function hasField(headers: RawHeaders, name: string): boolean {
  return field(headers, name) !== undefined;
}

/** A copy without the named fields. `names` are lower-case. */
export function withoutFields(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (!names.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}

/** A copy of the named fields alone. `names` are lower-case. */
export function onlyFields(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (names.has(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept;
}

/** A copy in which `name` has exactly the one given value, at the place of its first line or at the end. */
export function withField(headers: RawHeaders, name: string, value: string): string[] {
  const wanted = name.toLowerCase();
  const next: string[] = [];
  let placed = false;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    if (headers[i]!.toLowerCase() !== wanted) {
      next.push(headers[i]!, headers[i + 1]!);
    } else if (!placed) {
      next.push(headers[i]!, value);
      placed = true;
    }
  }
  if (!placed) next.push(name, value);
  return next;
}

/** Bytes the fields take in memory or on the wire, for accounting. */
export function headerBytes(headers: RawHeaders): number {
  let bytes = 0;
  for (const part of headers) bytes += part.length + 2;
  return bytes;
}

function sameName(name: string, lowerCase: string): boolean {
  return name.length === lowerCase.length && name.toLowerCase() === lowerCase;
}
