import type { SitePolicy } from '../cache/site.js';
import { isWebHost, webPage } from '../tmdb/web-address.js';
import { canonicalTarget, targetOfKey } from './target.js';

const ADDRESS = /^(?:https?:)?\/\/(?:[^/?#@\s]*@)?([^/?#@\s]+)([^#\s]*(?: accept=webp)?)/i;
const WITHOUT_SCHEME = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?(?:[/?#]|$)/i;
const KEY = /^v\d+:[a-z]+:\//;
const LANGUAGE = /[?&](language=[a-z]{2}(?:-[A-Z]{2})?)(?:&|$)/;
/** What a proxy is reached below. */
const BASE = /^\/.*?(?=\/(?:[34]|t\/p)\/)/;

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
  if (/^\/(?:[34]|t\/p)\//.test(target)) return target;
  return isWebHost(host) ? webTarget(target) : target.replace(BASE, '');
}

function webTarget(target: string): string | undefined {
  const page = webPage(target);
  if (page === undefined) return undefined;
  const language = LANGUAGE.exec(target)?.[1];
  const query = language === undefined ? '' : `?${language}`;
  if (page.kind === 'list') return `/3/${page.list}${query}`;
  if (page.kind === 'review') return `/3/review/${page.id}${query}`;
  const { family, id, season, episode } = page;
  const part = (name: string, number: string | undefined) =>
    number === undefined ? '' : `/${name}/${number}`;
  return `/3/${family}/${id}${part('season', season)}${part('episode', episode)}${query}`;
}

/** People type addresses as text, sockets deliver bytes: text beyond ASCII becomes UTF-8 escapes. */
function asBytes(text: string): string {
  return text.replace(/[^ -~]+/gu, (part) =>
    Buffer.from(part).toString('hex').toUpperCase().replace(/../g, '%$&'),
  );
}
