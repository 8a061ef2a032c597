import type { Context } from 'hono';

/** Names the node whose cascade a call belongs to: it came from a peer and is not passed on, so that nothing circles. */
export const CASCADE_HEADER = 'x-tmdb-proxy-cascade';
/** The sender's id for one purge: a repeated delivery carries the same. */
export const PURGE_ID_HEADER = 'x-tmdb-proxy-purge-id';

/** A call that a peer makes on behalf of its own operator. */
export interface FromPeer {
  readonly serverId: string;
  /** Undefined from nodes that do not send one. */
  readonly id: string | undefined;
}

const ID = /^[\x21-\x7e]{1,256}$/;

/** Who made the call: a peer, or (undefined) somebody here. */
export function fromPeer(c: Context): FromPeer | undefined {
  const serverId = c.req.header(CASCADE_HEADER);
  if (serverId === undefined) return undefined;
  const id = c.req.header(PURGE_ID_HEADER);
  return { serverId, id: id !== undefined && ID.test(id) ? id : undefined };
}
