import { type ErrorCode, ProxyError } from '../errors.js';

/** undici, node:net and node:tls errors by code; anything else that breaks a connection is `origin_unreachable`. */
const BY_CODE: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'origin_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'origin_timeout',
  UND_ERR_BODY_TIMEOUT: 'origin_timeout',
  ETIMEDOUT: 'origin_timeout',
  UND_ERR_HEADERS_OVERFLOW: 'origin_protocol',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'origin_protocol',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'origin_protocol',
  UND_ERR_INVALID_ARG: 'bad_request',
  UND_ERR_NOT_SUPPORTED: 'bad_request',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'bad_request',
  UND_ERR_DESTROYED: 'shutting_down',
  UND_ERR_CLOSED: 'shutting_down',
};

/** undici reports an unsolicited 100 or 101 only in words. */
const BAD_RESPONSE = new Set(['bad response', 'bad upgrade']);

/** The cause kept in a ProxyError: code and words of the original without its fields, which may hold received bytes. */
class NetworkFault extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
    this.name = 'NetworkFault';
  }
}

/**
 * A connection's error as ours. `where` is method and server: targets hold keys and session ids and appear nowhere.
 */
export function faultOf(thrown: unknown, where: string): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error('unknown fault');
  const code = codeOf(error);
  const words = scrub(error.message) || code || error.name;
  return new ProxyError(classify(error, code), `${where}: ${words}`, {
    cause: new NetworkFault(words, code),
  });
}

function classify(error: Error, code: string): ErrorCode {
  // The parser's errors have llhttp's codes (HPE_…), or none.
  if (error.name === 'HTTPParserError') return 'origin_protocol';
  if (code === 'UND_ERR_SOCKET' && BAD_RESPONSE.has(error.message)) return 'origin_protocol';
  return BY_CODE[code] ?? 'origin_unreachable';
}

/** An AggregateError of node:net (one failure per address) has its code in its first member at times. */
function codeOf(error: Error): string {
  const { code } = error as { code?: unknown };
  if (typeof code === 'string') return code;
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return inner instanceof Error ? codeOf(inner) : '';
}

/** Queries and userinfo never come this far; should a library begin to quote them, they still do not get out. */
function scrub(message: string): string {
  return message
    .replace(/\?[^\s'"]*/g, '?…')
    .replace(/\/\/[^/\s@]*@/g, '//…@')
    .slice(0, 200);
}
