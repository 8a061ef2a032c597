import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PATIENCE_MS } from './patience.js';
import { within } from './region.js';

const PRELOADED = `--import=${new URL('live-bytes.mjs', import.meta.url).href}`;

/** What processes hold when garbage is collected. They are started with `env`. */
export class LiveBytes {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-live-'));

  /** @param nodeOptions NODE_OPTIONS that the processes get beside */
  env(nodeOptions = ''): Record<string, string> {
    return { LIVE_BYTES: this.#folder, NODE_OPTIONS: `${PRELOADED} ${nodeOptions}` };
  }

  /** Has each of these processes collect its garbage; resolves with the bytes that are left, heap and external. */
  async of(pids: readonly number[], patienceMs = PATIENCE_MS): Promise<number[]> {
    const fileOf = (pid: number) => join(this.#folder, String(pid));
    for (const pid of pids) rmSync(fileOf(pid), { force: true });
    for (const pid of pids) process.kill(pid, 'SIGWINCH');
    return within(patienceMs, async () => pids.map((pid) => Number(readFileSync(fileOf(pid), 'utf8'))));
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
