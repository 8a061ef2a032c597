/** Limits of a connection, with the reason for each; times in ms. */
export const LIMITS: ConnectionLimits = {
  /** Above Node's 16 KiB: browser apps on a shared host send all its cookies. */
  maxHeaderSize: 32 * 1024,
  /** From the first byte of a request to the end of its head: slower ones hold connections open on purpose. */
  headersTimeout: 20_000,
  /** To the end of its body, for uploads that are passed through. */
  requestTimeout: 300_000,
  /** Above the 60 s after which usual load balancers drop idle connections: theirs must end first, or they meet a reset. */
  keepAliveTimeout: 75_000,
  /** How often times of requests are looked at. */
  connectionsCheckingInterval: 5_000,
  /** In which nothing is taken of an answer that is ready: whoever asks and does not read would hold it, and the connection, for good. */
  stallTimeout: 60_000,
};

export type ConnectionLimits = Readonly<
  Record<
    | 'maxHeaderSize'
    | 'headersTimeout'
    | 'requestTimeout'
    | 'keepAliveTimeout'
    | 'connectionsCheckingInterval'
    | 'stallTimeout',
    number
  >
>;

/** Characters of a request's target: as many as management takes in a key. */
export const MAX_TARGET = 16_384;
/** Field lines of a request: fewer than node:http drops silently (2 000 names and values), more than fit into one for the fast path. */
export const MAX_FIELDS = 800;
