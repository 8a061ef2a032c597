import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An origin that answers at once, but for paths with `held` in them: those wait until they are let go. */
export class HeldOrigin {
  readonly #held: (() => void)[] = [];
  readonly #server = createServer((request, response) => {
    const path = request.url!.replace(/[?&]api_key=[^&]*/, '');
    if (path.includes('held')) this.#held.push(() => answer(response, path));
    else answer(response, path);
  });

  /** Requests that wait for `release`. */
  get waiting(): number {
    return this.#held.length;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  /** From now on nothing is held until the returned function is called. */
  releaseAll(): () => void {
    const timer = setInterval(() => this.release(), 5);
    return () => clearInterval(timer);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(response: ServerResponse, path: string): void {
  response.setHeader('content-type', 'application/json;charset=utf-8');
  response.end(JSON.stringify({ id: 1, path }));
}
