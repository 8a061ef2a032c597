import { inflated } from './cache/inflate.js';
import { peek } from './cache/peek.js';
import type { SitePolicy } from './cache/site.js';
import { asProxyError, ProxyError } from './errors.js';
import type { AskOrigin } from './feed/changes-reader.js';
import type { BodySource, Origin } from './origin/source.js';

/** Far above a page of a hundred ids. */
const MAX_PAGE_BYTES = 1024 * 1024;
/** A parent is to look at TMDB, not into its cache. */
const VALIDATED: readonly string[] = ['Cache-Control', 'no-cache'];

/** Asks the origin as a fill does, behind everyone else, and reads the answer to its end. */
export function feedQuestions({ site, origin }: { site: SitePolicy; origin: Origin }): AskOrigin {
  return async (target, signal) => {
    const route = site.route({ method: 'GET', target, headers: [] });
    if (route.kind !== 'shared')
      throw new ProxyError('internal', `${target} is not asked on everyone's behalf`);
    const { status, headers, body } = await origin.fetch({
      upstream: route.upstream,
      method: 'GET',
      target: route.target,
      headers: [...route.headers, ...VALIDATED],
      retryable: true,
      shared: true,
      priority: 'background',
      signal,
    });
    return { status, headers, body: await wholeOf(body) };
  };
}

/** A body, decoded if it is gzip: its first bytes tell, whatever its head says (TMDB.md, May 2026). */
async function wholeOf(source: BodySource): Promise<Buffer> {
  const { start, whole, failure, body } = await peek(source, MAX_PAGE_BYTES);
  if (failure !== undefined) throw asProxyError(failure);
  if (!whole) {
    body.cancel();
    throw new ProxyError('origin_protocol', `a list of changes is longer than ${MAX_PAGE_BYTES} bytes`);
  }
  if (start[0] !== 0x1f || start[1] !== 0x8b) return start;
  const plain = await inflated(start);
  if (plain === undefined) throw new ProxyError('origin_protocol', 'a list of changes is damaged gzip');
  return plain;
}
