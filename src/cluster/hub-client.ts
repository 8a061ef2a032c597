import type { Socket } from 'node:net';
import type { Fetched, Fetcher, FillJob } from '../cache/fetcher.js';
import { ProxyError } from '../errors.js';
import type { BodySource, OriginRequest, OriginResponse } from '../origin/source.js';
import { broken, CoreCall } from './core-call.js';
import type { HubConnector } from './hub-socket.js';
import type { WireRequest } from './wire.js';

/** A worker's way to the origin: the node's core, over a local socket, one connection a request. */
export class HubClient implements Fetcher {
  readonly #hub: HubConnector;

  constructor(hub: HubConnector) {
    this.#hub = hub;
  }

  async fetch(job: FillJob): Promise<Fetched> {
    const { route, priority, stored, forward, standIn, onInfo, trace } = job;
    const request: WireRequest = {
      kind: 'fill',
      route,
      priority,
      forward,
      storedAt: stored?.storedAt,
      standIn: standIn === true,
      interim: onInfo !== undefined,
      trace,
    };
    const call = new CoreCall(await this.#connect(), request, job.signal, job);
    const head = await call.head;
    switch (head.kind) {
      case 'storable':
        return { ...head, making: head.making ? call.making : undefined, body: call };
      case 'uncacheable':
        return { ...head, body: call };
      case 'current':
        return {
          kind: 'current',
          forwardStatus: head.forwardStatus,
          ...(head.own && { own: head.own }),
          collapsed: head.collapsed === true,
          entry: { ...head.head, body: await gather(call) },
        };
      case 'pass':
        throw new ProxyError('internal', 'the core answered a fill as a pass-through');
    }
  }

  async pass(request: OriginRequest): Promise<OriginResponse> {
    const { upstream, method, target, headers, retryable, body, trace } = request;
    const hasBody = body !== undefined;
    const call = new CoreCall(
      await this.#connect(),
      { kind: 'pass', upstream, method, target, headers, retryable, hasBody, trace },
      request.signal,
      request,
    );
    if (body !== undefined) call.send(body);
    const head = await call.head;
    if (head.kind !== 'pass') throw new ProxyError('internal', 'the core answered a pass-through as a fill');
    return { ...head, body: call };
  }

  async #connect(): Promise<Socket> {
    try {
      return await this.#hub.connect();
    } catch (error) {
      throw broken(error);
    }
  }
}

/** The whole body as one buffer that owns its memory. Rejects when it breaks off. */
export function gather(source: BodySource): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    source.start({
      data: (chunk) => chunks.push(chunk),
      end: () => resolve(Buffer.concat(chunks)),
      error: reject,
    });
  });
}
