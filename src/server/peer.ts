import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import proxyAddr from 'proxy-addr';

/** Whose `X-Forwarded-For` is believed: `TRUST_PROXY` as the configuration holds it. */
export type Trust = boolean | number | readonly string[];

/** Whom a request comes from, in the terms in which management decides. */
export interface RequestPeer {
  readonly loopback: boolean;
  readonly forwarded: boolean;
  readonly address: string;
}

/** What a client's address is read from. A request is one. */
export interface Addressed {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}

/** The address of the client, for logs and for counting wrong keys; `unknown` once the socket is gone. */
export type ClientAddress = (request: Addressed) => string;

/** Reads the address out of `X-Forwarded-For` as far as the proxies before us are believed. */
export function createClientAddress(trust: Trust): ClientAddress {
  const socketAddress = ({ socket }: Addressed) => socket.remoteAddress ?? 'unknown';
  if (trust === false || trust === 0) return socketAddress;
  const trusted = trustFunction(trust);
  return (request) => {
    if (request.headers['x-forwarded-for'] === undefined) return socketAddress(request);
    // Typed as a whole request, of which it reads these two.
    return addressIn(proxyAddr(request as IncomingMessage, trusted)) ?? socketAddress(request);
  };
}

/**
 * The address in what a proxy says of its client: some add the port. Undefined of what is none: any text would else be a client of its
 * own, to be counted, remembered and logged at the length of a field.
 */
function addressIn(said: string | undefined): string | undefined {
  const [, bracketed, plain] =
    /^(?:\[([^\]]{1,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?$/.exec(said ?? '') ?? [];
  const address = bracketed ?? plain ?? said ?? '';
  return isIP(address) === 0 ? undefined : address;
}

/** Whether an address, so many hops away, is believed. */
export function trustFunction(trust: Trust): (address: string, hop: number) => boolean {
  if (typeof trust === 'boolean') return () => trust;
  if (typeof trust === 'number') return (_address, hop) => hop < trust;
  return proxyAddr.compile([...trust]);
}

/** What the management app is told of the asker. Loopback is the socket's, whatever `TRUST_PROXY` says. */
export function peerOf(incoming: IncomingMessage, clientAddress: ClientAddress): RequestPeer {
  return {
    loopback: isLoopback(incoming.socket.remoteAddress),
    forwarded: isForwarded(incoming),
    address: clientAddress(incoming),
  };
}

function isForwarded(incoming: IncomingMessage): boolean {
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    const name = incoming.rawHeaders[i]!.toLowerCase();
    if (name === 'forwarded' || name.startsWith('x-forwarded-')) return true;
  }
  return false;
}

function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
