/**
 * One spelling for each name and value of a query. TMDB reads queries as forms (application/x-www-form-urlencoded), so
 * `credits,images` and `credits%2Cimages` are the same request and must share a key. The spelling is injective on the
 * decoded bytes: two names or values that decode differently never become one (DESIGN.md, Keys).
 *
 * Written as they are: letters, digits and `- . _ ~ , : /`. Everything else is `%XX` in upper case; a space is `%20`
 * however it came; `%2B` stays a plus. A raw semicolon stays raw and apart from `%3B`, because some form readers take
 * it for a separator. A percent sign that starts no escape is one to form readers, hence `%25`.
 */

const PLAIN = /^[A-Za-z0-9\-._~,:/;]*$/;
const TO_RECODE = /%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~,:/;]/g;
const READABLE = /[A-Za-z0-9\-._~,:/]/;

/** What each byte is written as. */
const SPELLING: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return READABLE.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** The canonical spelling of a raw (Latin-1, as Node hands it over) name or value. */
export function canonicalComponent(raw: string): string {
  return PLAIN.test(raw) ? raw : raw.replace(TO_RECODE, recode);
}

function recode(match: string): string {
  if (match === '+') return '%20';
  const byte = match.length === 3 ? Number.parseInt(match.slice(1), 16) : match.charCodeAt(0);
  return SPELLING[byte]!;
}

/** Decodes escapes again and again, so that nothing hides behind double encoding. For decisions only, never for keys. */
export function decodedDeep(component: string): string {
  let text = component;
  for (let round = 0; round < 4 && text.includes('%'); round += 1) {
    const next = text.replace(/%[0-9A-Fa-f]{2}/g, (triplet) =>
      String.fromCharCode(Number.parseInt(triplet.slice(1), 16)),
    );
    if (next === text) break;
    text = next;
  }
  return text;
}
