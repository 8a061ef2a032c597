/** Characters of a token, RFC 9110 section 5.6.2. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Members of a `#element` list (RFC 9110 section 5.6.1), trimmed, empty ones left out. Commas inside quoted strings
 * do not separate. A quote that is not closed, or that opens in mid-token, quotes nothing: neither `a="b, no-store` nor
 * `a=b"c, no-store, d"` may hide the no-store.
 */
export function splitList(value: string): string[] {
  return splitOutsideQuotes(value, ',');
}

/** Parts between `separator`s outside quoted strings, trimmed, empty ones left out. */
export function splitOutsideQuotes(value: string, separator: ',' | ';'): string[] {
  if (!value.includes('"')) return plain(value.split(separator));
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let before: string = separator; // the last character that is no OWS
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    if (quoted) {
      if (c === '\\') i++;
      else quoted = c !== '"';
    } else if (c === '"') {
      quoted = before === '=' || before === separator;
    } else if (c === separator) {
      parts.push(value.slice(start, i));
      start = i + 1;
    }
    if (c !== ' ' && c !== '\t') before = c;
  }
  if (quoted) return plain(value.split(separator));
  parts.push(value.slice(start));
  return plain(parts);
}

/** The text a quoted-string stands for (RFC 9110 section 5.6.4), or the value as it is when it is none. */
export function unquote(value: string): string {
  if (value.length < 2 || !value.startsWith('"') || !value.endsWith('"')) return value;
  return value.slice(1, -1).replace(/\\([\s\S])/g, '$1');
}

function plain(parts: string[]): string[] {
  const members: string[] = [];
  for (const part of parts) {
    const member = trimOws(part);
    if (member !== '') members.push(member);
  }
  return members;
}

/** Without leading and trailing OWS (space and tab only: other white space is part of the value). */
export function trimOws(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOws(value.charCodeAt(start))) start++;
  while (end > start && isOws(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
