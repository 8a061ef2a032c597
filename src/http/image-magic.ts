/** Whether a body is what its declared image type says, by its first bytes. */

type Check = (body: Buffer) => boolean;

const SVG_HEAD_BYTES = 4096;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['image/jpeg', isJpeg],
  ['image/jpg', isJpeg],
  ['image/png', isPng],
  ['image/webp', isWebp],
  ['image/gif', isGif],
  ['image/avif', isAvif],
  ['image/svg+xml', isSvg],
]);

/** Types that are not on the list, above all `text/html`, are never cached as images (TMDB.md, Responses). */
export function matchesImageType(contentType: string, body: Buffer): boolean {
  const semicolon = contentType.indexOf(';');
  const type = (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
  return CHECKS.get(type)?.(body) ?? false;
}

/** Whether bytes are an image of any type that is known here. */
export function isAnyImage(body: Buffer): boolean {
  for (const check of CHECKS.values()) if (check(body)) return true;
  return false;
}

/** The type of a picture of pixels by its first bytes, which can run nothing; undefined of anything else, SVG too. */
export function pixelTypeOf(body: Buffer): string | undefined {
  for (const [type, check] of CHECKS) if (type !== 'image/svg+xml' && check(body)) return type;
  return undefined;
}

function isJpeg(body: Buffer): boolean {
  return body[0] === 0xff && body[1] === 0xd8 && body[2] === 0xff;
}

function isPng(body: Buffer): boolean {
  return body.length >= 8 && body.readUInt32BE(0) === 0x89504e47 && body.readUInt32BE(4) === 0x0d0a1a0a;
}

function isWebp(body: Buffer): boolean {
  return body.length >= 12 && ascii(body, 0, 4) === 'RIFF' && ascii(body, 8, 12) === 'WEBP';
}

function isGif(body: Buffer): boolean {
  const head = ascii(body, 0, 6);
  return head === 'GIF87a' || head === 'GIF89a';
}

function isAvif(body: Buffer): boolean {
  return ascii(body, 4, 8) === 'ftyp' && /^avi[fs]$/.test(ascii(body, 8, 12));
}

/** What may stand before a root element, piece by piece: one expression over all of them would take time without end. */
const PROLOG =
  /\s+|<\?(?:(?!\?>)[\s\S])*\?>|<!--(?:(?!-->)[\s\S])*-->|<!DOCTYPE\s+svg[^[>]*(?:\[[^\]]*\]\s*)?>/iy;
const SVG_ROOT = /<(?:[a-z]+:)?svg[\s>/]/iy;

/** The root element must be `svg`, after an XML declaration, comments and a doctype. HTML with an inline svg is not. */
function isSvg(body: Buffer): boolean {
  const head = body.toString('utf8', 0, SVG_HEAD_BYTES);
  let at = head.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    SVG_ROOT.lastIndex = at;
    if (SVG_ROOT.test(head)) return true;
    PROLOG.lastIndex = at;
    if (!PROLOG.test(head)) return false;
    at = PROLOG.lastIndex;
  }
}

function ascii(body: Buffer, from: number, to: number): string {
  return body.toString('latin1', from, to);
}
