import type { PurgeScope } from '../cache/purge-table.js';

/** One purge as a peer is told of it. Peers may know other hosts than we do, so addresses are resolved here. */
export type PeerMessage =
  | { readonly kind: 'purge'; readonly body: PurgeBody }
  /** Everything: asked for, or in place of more than could be kept. */
  | { readonly kind: 'all'; readonly soft: boolean };

/** The body of `POST /cache/purge`. */
export interface PurgeBody {
  keys?: string[];
  tags?: string[];
  prefix?: string;
  class?: string;
  soft: boolean;
}

/** Names in one message, counted as UTF-8; with its frame it fits a durable value (64 KiB) and a peer's bound (1 MiB). */
const MAX_MESSAGE_BYTES = 48 * 1024;

/** What to tell peers of these scopes. A name too long to be kept is told as "everything": misses, never wrong hits. */
export function messagesOf(scopes: readonly PurgeScope[], soft: boolean): PeerMessage[] {
  const all: PeerMessage = { kind: 'all', soft };
  const bodies: PurgeBody[] = [];
  let lists: PurgeBody | undefined;
  let bytes = 0;
  for (const scope of scopes) {
    if (scope.kind === 'all') return [all];
    const size = Buffer.byteLength(JSON.stringify(scope.name)) + 1;
    if (size > MAX_MESSAGE_BYTES) return [all];
    if (scope.kind === 'key' || scope.kind === 'tag') {
      if (lists === undefined || bytes + size > MAX_MESSAGE_BYTES) {
        lists = { soft };
        bodies.push(lists);
        bytes = 0;
      }
      bytes += size;
      const list = scope.kind === 'key' ? 'keys' : 'tags';
      lists[list] ??= [];
      lists[list].push(scope.name);
    } else if (scope.kind === 'class') {
      bodies.push({ class: scope.name, soft });
    } else {
      // A path is the beginning of its variants' keys; what else begins so is a miss more.
      bodies.push({ prefix: scope.name, soft });
    }
  }
  return bodies.map((body) => ({ kind: 'purge', body }));
}

/** One message that covers all of these. A hard purge among them makes it hard: too much is gone rather than too little. */
export function fold(messages: readonly PeerMessage[]): PeerMessage {
  return { kind: 'all', soft: messages.every(isSoft) };
}

function isSoft(message: PeerMessage): boolean {
  return message.kind === 'all' ? message.soft : message.body.soft;
}

/** The management call that says it. */
export function callOf(message: PeerMessage): { path: string; body: string | undefined } {
  return message.kind === 'all'
    ? { path: `/cache/clear?type=all${message.soft ? '&soft=true' : ''}`, body: undefined }
    : { path: '/cache/purge', body: JSON.stringify(message.body) };
}
