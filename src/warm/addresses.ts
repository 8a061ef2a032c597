import type { SitePolicy } from '../cache/site.js';
import { canonicalTarget, targetOfKey } from './target.js';

const ADDRESS = /^(?:https?:)?\/\/(?:[^/?#@\s]*@)?([^/?#@\s]+)([^#\s]*(?: accept=webp)?)/i;
const WITHOUT_SCHEME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#]|$)/i;
const KEY = /^v\d+:[a-z]+:\//;
const WEB_HOST = /^(?:www\.)?(?:themoviedb|tmdb)\.org$/i;
/** `/movie/550-fight-club`, `/de-DE/tv/1399/season/1/episode/2`, and what is below a title. */
const WEB_TITLE =
  /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?(movie|tv|person|collection|company|network|keyword)\/0*(\d+)(?:-[^/?]*)?(\/season\/\d+(?:\/episode\/\d+)?)?(?:[/?]|$)/i;
const WEB_LIST =
  /^\/(?:[a-z]{2}(?:-[a-z]{2})?\/)?(movie|tv|person)(?:\/(now-playing|upcoming|top-rated|airing-today|on-the-air))?\/?(?:\?|$)/i;
const LANGUAGE = /[?&](language=[a-z]{2}(?:-[A-Z]{2})?)(?:&|$)/;

/**
 * The target that an address names: a path, a URL of TMDB or of any proxy in front of it (only its path is ever asked for), an
 * address of TMDB's web site, or a key as `/cache/keys` shows it. Undefined: nothing that may be shared. No credential is in
 * what it returns.
 */
export function targetOf(site: SitePolicy, address: string): string | undefined {
  const target = pathOf(address.trim());
  return target === undefined ? undefined : canonicalTarget(site, asBytes(target));
}

function pathOf(text: string): string | undefined {
  if (KEY.test(text)) return targetOfKey(text);
  if (text.startsWith('/') && !text.startsWith('//')) return text.replace(/#.*$/s, '');
  const address = ADDRESS.exec(WITHOUT_SCHEME.test(text) ? `//${text}` : text);
  if (address === null) return undefined;
  const [, host = '', target = ''] = address;
  if (!WEB_HOST.test(host.replace(/:(?:80|443)$/, '')) || /^\/(?:[34]|t\/p)\//.test(target)) return target;
  return webTarget(target);
}

function webTarget(target: string): string | undefined {
  const language = LANGUAGE.exec(target)?.[1];
  const query = language === undefined ? '' : `?${language}`;
  const [, family, id, part = ''] = WEB_TITLE.exec(target) ?? [];
  if (family !== undefined) return `/3/${family.toLowerCase()}/${id}${part.toLowerCase()}${query}`;
  const [, listed, list = 'popular'] = WEB_LIST.exec(target) ?? [];
  if (listed === undefined) return undefined;
  return `/3/${listed.toLowerCase()}/${list.toLowerCase().replaceAll('-', '_')}${query}`;
}

/** People type addresses as text, sockets deliver bytes: text beyond ASCII becomes UTF-8 escapes. */
function asBytes(text: string): string {
  return text.replace(/[^ -~]+/gu, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
