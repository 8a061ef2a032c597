import { Command } from 'ioredis';
import DataHandlerModule from 'ioredis/built/DataHandler.js';
import { isCount, isText } from './answers.js';

/** Of a cluster. */
const SLOTS = 16_384;

/** What of ioredis' reader of replies is made use of; private in its types. */
interface ReplyReader {
  readonly redis: { readonly commandQueue: { shift(): object | undefined } };
  /** Has one reply looked at. */
  dispatch(look: () => void): void;
  /** Takes the command that a reply belongs to. */
  shiftCommand(reply: unknown): object;
}

/**
 * A reply that belongs to no command ends its connection, and what waits on it; the client connects again. ioredis goes on, or ends the
 * process where such a reply is null (`$-1`, of a proxy before Redis that has lost count). What is no length at all (`$*`) it reads in
 * circles, a reply each time, and the process stands still (docs/adr/0005).
 */
export function endConnectionOnStrayReply(): void {
  const { prototype } = readerClass() as unknown as { prototype: ReplyReader };
  prototype.shiftCommand = function () {
    const item = this.redis.commandQueue.shift();
    if (item === undefined) throw new Error('a reply that no command waits for');
    return item;
  };
  // What is thrown here ends the reading of what has come; the reader's caller then ends the connection.
  prototype.dispatch = (look) => look();
}

/** One row of CLUSTER SLOTS: first and last slot, then the servers, each with its name and port. */
function isSlots(row: unknown): boolean {
  if (!Array.isArray(row)) return false;
  const [first, last, ...servers] = row as unknown[];
  const isSlot = (slot: unknown) => isCount(slot) && slot >= 0 && slot < SLOTS;
  return isSlot(first) && isSlot(last) && servers.every((server) => Array.isArray(server));
}

/**
 * ioredis believes what it asks by itself, and reads it in a callback: a null for CLUSTER SLOTS, or for INFO with Sentinels, ended the
 * process, a range of slots without end kept it busy for ever. Now it is an error of that command.
 */
export function checkOwnReplies(): void {
  const checked = (isReply: (reply: unknown) => boolean) => (reply: unknown) => {
    if (isReply(reply)) return reply;
    throw new Error('an answer to something else');
  };
  Command.setReplyTransformer('info', checked(isText));
  Command.setReplyTransformer(
    'cluster',
    checked((reply) => isText(reply) || (Array.isArray(reply) && reply.every(isSlots))),
  );
}

/** A CommonJS module: its default is a property of what Node.js imports as the default. */
function readerClass(): unknown {
  return (DataHandlerModule as unknown as { default?: unknown }).default ?? DataHandlerModule;
}
