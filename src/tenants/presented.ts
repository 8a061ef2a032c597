import { fieldLines, type RawHeaders } from '../http/headers.js';

/** Where a request may show a key. */
export interface Showing {
  readonly target: string;
  readonly headers: RawHeaders;
  readonly bodyKey?: string | undefined;
}

/** More are no client's: each is hashed. */
const MOST = 4;
const BEARER = /^bearer[ \t]+(\S+)[ \t]*$/i;

/** Texts that stand where a key would: `api_key` in the query, `Authorization: Bearer`, a JSON body. Without repetitions. */
export function presentedKeys({ target, headers, bodyKey }: Showing): string[] {
  const texts = new Set<string>();
  const mark = target.indexOf('?');
  if (mark >= 0) {
    for (const pair of target.slice(mark + 1).split('&')) {
      const value = apiKeyOf(pair);
      if (value !== undefined && value !== '') texts.add(value);
    }
  }
  for (const line of fieldLines(headers, 'authorization')) {
    const token = BEARER.exec(line.trim())?.[1];
    if (token !== undefined) texts.add(token);
  }
  if (bodyKey !== undefined && bodyKey !== '') texts.add(bodyKey);
  return [...texts].slice(0, MOST);
}

/** The value of a pair that is an application key to TMDB, however its name is spelt. */
function apiKeyOf(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  const name = pair.slice(0, equals);
  if (name !== 'api_key' && folded(name) !== 'api_key') return undefined;
  return decoded(pair.slice(equals + 1));
}

/** As the site reads names (tmdb/parameters.ts): case, brackets, punctuation and encoding hide nothing. */
function folded(name: string): string {
  let text = name;
  for (let round = 0; round < 4 && text.includes('%'); round++) text = decoded(text);
  const [plain = ''] = text.toLowerCase().split('[', 1);
  return plain.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/** The request without these keys, wherever they stand; everything else byte for byte. */
export function withoutKeys(
  { target, headers }: Showing,
  keys: ReadonlySet<string>,
): Omit<Showing, 'bodyKey'> {
  return { target: targetWithout(target, keys), headers: headersWithout(headers, keys) };
}

function targetWithout(target: string, keys: ReadonlySet<string>): string {
  const mark = target.indexOf('?');
  if (mark < 0) return target;
  const pairs = target.slice(mark + 1).split('&');
  // Whatever the pair is called: people write `apikey=` too, and nobody but us is to see it.
  const kept = pairs.filter((pair) => !keys.has(decoded(pair.slice(pair.indexOf('=') + 1))));
  if (kept.length === pairs.length) return target;
  const path = target.slice(0, mark);
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

function headersWithout(headers: RawHeaders, keys: ReadonlySet<string>): RawHeaders {
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const isAuthorization = headers[i]!.length === 13 && headers[i]!.toLowerCase() === 'authorization';
    const token = isAuthorization ? BEARER.exec(headers[i + 1]!.trim())?.[1] : undefined;
    if (token === undefined || !keys.has(token)) kept.push(headers[i]!, headers[i + 1]!);
  }
  return kept.length === headers.length ? headers : kept;
}
