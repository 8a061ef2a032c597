import { ProxyError } from '../errors.js';

/** For people. */
export function whyOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What `work` brings; a system's error while a list is written (a full disk) becomes a `conflict` that says what to do about it. */
export async function writable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (!/^E[A-Z]+$/.test(code)) throw thrown;
    throw new ProxyError(
      'conflict',
      `CACHE_DIR can't be written to (${code}): make room or make it writable`,
    );
  }
}
