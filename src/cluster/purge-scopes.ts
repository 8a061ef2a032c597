import type { PurgeCommand } from '../admin/management.js';
import { type PurgeScope, scopeId } from '../cache/purge-table.js';
import type { SitePolicy } from '../cache/site.js';
import { ProxyError } from '../errors.js';
import { primaryKeyOf } from '../tiers/entry.js';

/** The scopes a purge command names, each once. Rejects an address that is not this site's, and a tag that nothing could have. */
export function purgeScopes(site: SitePolicy, command: PurgeCommand): PurgeScope[] {
  const scopes: PurgeScope[] = command.keys.map((key) => ({ kind: 'key', name: primaryKeyOf(key) }));
  for (const tag of command.tags) scopes.push({ kind: 'tag', name: tagNamed(site, tag, command) });
  for (const url of command.urls) scopes.push(...urlScopes(site, url));
  if (command.prefix !== undefined) scopes.push({ kind: 'prefix', name: command.prefix });
  if (command.class !== undefined) scopes.push({ kind: 'class', name: command.class });
  return [...new Map(scopes.map((scope) => [scopeId(scope), scope])).values()];
}

/** What goes with scopes that somebody has named, beside these: with a title the image files it refers to. */
export function scopesAlong(site: SitePolicy, named: readonly PurgeScope[]): PurgeScope[] {
  const known = new Set(named.map(scopeId));
  const tags = named.flatMap((scope) => (scope.kind === 'tag' ? (site.alsoPurged?.(scope.name) ?? []) : []));
  const along = tags.map((name): PurgeScope => ({ kind: 'tag', name }));
  return along.filter((scope) => !known.has(scopeId(scope)));
}

function urlScopes(site: SitePolicy, url: string): PurgeScope[] {
  const target = site.resolveUrl(url);
  if (target === undefined) {
    throw new ProxyError(
      'bad_request',
      `${shown(url)} is no address of this site: give a path (/3/movie/550), a full API or image URL, or a web address.`,
    );
  }
  const scopes: PurgeScope[] = (target.tags ?? []).map((name) => ({ kind: 'tag', name }));
  if (target.key !== undefined) scopes.push({ kind: 'key', name: target.key });
  if (target.prefix !== undefined) scopes.push({ kind: 'prefix', name: target.prefix });
  return scopes;
}

/** As entries have it. Other regions have looked at theirs, and what one of them says must never be refused for its form. */
function tagNamed(site: SitePolicy, tag: string, { from }: PurgeCommand): string {
  const name = site.canonicalTag === undefined ? tag : site.canonicalTag(tag);
  if (name !== undefined) return name;
  if (from !== undefined) return tag;
  throw new ProxyError('bad_request', `nothing can have the tag "${tag}"`, {
    advice: 'Tags are like movie:550, tv:1399:s1, person:287, list:movie/popular; an address goes into urls.',
  });
}

/** Without what may be secret: a user and password, and a query, where keys and sessions are. */
function shown(url: string): string {
  return url.includes('@') ? 'an address with a user in it' : `"${url.replace(/[?#].*$/s, '')}"`;
}
