/**
 * The image host appears to negotiate WebP by `Accept` (TMDB.md, Responses), so the field is reduced to the one bit
 * that matters, and that bit is in the key (DESIGN.md, Keys).
 */
export type ImageAccept = 'webp' | 'plain';

/**
 * What the image host is asked. `plain` lists formats instead of a wildcard: a host that takes a wildcard for WebP
 * would hand it to clients which never named it.
 */
export const IMAGE_ACCEPT: Readonly<Record<ImageAccept, string>> = {
  webp: 'image/webp,image/jpeg,image/png,image/svg+xml,image/gif',
  plain: 'image/jpeg,image/png,image/svg+xml,image/gif',
};

const ZERO_WEIGHT = /;\s*q=0(?:\.0{0,3})?\s*(?:;|$)/i;

/** Whether the client's Accept names `image/webp` with a weight above 0. A wildcard is not enough. */
export function imageAccept(accept: string | undefined): ImageAccept {
  if (accept === undefined || !/image\/webp/i.test(accept)) return 'plain';
  return accept.split(',').some(namesWebp) ? 'webp' : 'plain';
}

function namesWebp(range: string): boolean {
  return /^\s*image\/webp\s*(?:;|$)/i.test(range) && !ZERO_WEIGHT.test(range);
}
