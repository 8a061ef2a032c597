import type { WarmJob } from '../../warm/job.js';
import type { ProxyClient } from '../proxy-client.js';

/** Jobs of a running proxy. Every method rejects with a ProxyClientError. */
export class WarmClient {
  readonly #proxy: Pick<ProxyClient, 'get' | 'post'>;

  constructor(proxy: Pick<ProxyClient, 'get' | 'post'>) {
    this.#proxy = proxy;
  }

  /** `POST /cache/warm`: its body, its answer. */
  post(body: object): Promise<WarmJob> {
    return this.#proxy.post<WarmJob>('/cache/warm', body);
  }

  async job(id: string): Promise<WarmJob> {
    const { jobs } = await this.#proxy.get<{ jobs: WarmJob[] }>(`/cache/warm?id=${encodeURIComponent(id)}`);
    return jobs[0]!;
  }
}
