import DataHandlerModule from 'ioredis/built/DataHandler.js';

/** What of ioredis' reader of replies is made use of; private in its types. */
interface ReplyReader {
  /** Has one reply looked at. */
  dispatch(look: () => void): void;
  /** Ends the connection, and what waits on it; the client connects again. */
  returnFatalError(error: Error): void;
}

/**
 * A reply that belongs to no command ends its connection. ioredis throws out of the event of the socket when such a reply is null
 * (`$-1`, of a proxy before Redis that has lost count), which ended the process (docs/adr/0005).
 */
export function endConnectionOnStrayReply(): void {
  const { prototype } = readerClass() as unknown as { prototype: ReplyReader };
  prototype.dispatch = function (look) {
    try {
      look();
    } catch (thrown) {
      this.returnFatalError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  };
}

/** A CommonJS module: its default is a property of what Node.js imports as the default. */
function readerClass(): unknown {
  return (DataHandlerModule as unknown as { default?: unknown }).default ?? DataHandlerModule;
}
