/**
 * Codings that a sender may really have applied: IANA's transfer codings, and its content codings for those who put
 * them into the wrong field.
 */
const CODINGS: ReadonlySet<string> = new Set([
  ...['compress', 'x-compress', 'deflate', 'gzip', 'x-gzip', 'identity', 'trailers'],
  ...['aes128gcm', 'br', 'dcb', 'dcz', 'exi', 'pack200-gzip', 'zstd'],
]);

/**
 * Whether undici hands a body with this Transfer-Encoding over as content. A single name that no registry knows names
 * nothing that could be undone: such a body runs until the connection closes (RFC 9112 section 6.3), which llhttp and
 * undici see to, and that connection is not used again.
 */
export function arrivesDecoded(transferEncoding: string | undefined): boolean {
  if (transferEncoding === undefined) return true;
  const coding = transferEncoding.trim().toLowerCase();
  if (coding === 'chunked') return true;
  return /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(coding) && !coding.includes('chunked') && !CODINGS.has(coding);
}
