import type { Basis } from './compose.js';
import type { Core } from './compose-core.js';
import type { CoreOptions } from './core-options.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import type { Addresses } from './serve.js';

/** A node that answers clients. */
export interface RunningNode {
  readonly addresses: Addresses;
  /** Not ready → requests in flight finish → stores flushed. Resolves when everything is closed. */
  stop(): Promise<void>;
  /** Reads the configuration again; what comes of it is in the log. Never rejects. */
  reload(): Promise<void>;
  /** Ends worker processes at once, for a second signal. */
  abandon(): void;
}

export interface NodeOptions extends Basis, Pick<CoreOptions, 'loaded' | 'reread'> {
  /** The node can't go on (workers die again and again): say the message and end. */
  readonly onFatal: (message: string) => void;
}

/** `RunningNode.reload` of the node whose core this is. */
export async function reload({ management }: Core, log: Logger): Promise<void> {
  await management.reload().catch((err) => {
    const isTold = err instanceof ProxyError && err.code === 'config_invalid';
    if (!isTold) log.error({ err }, 'the configuration could not be read again');
  });
}
