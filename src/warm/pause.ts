import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';

/** What waits is told when its job stops. */
export function stopped(): ProxyError {
  return new ProxyError('client_closed', 'the warm-up was stopped');
}

/** Waits `ms` on the clock; rejects as soon as the signal fires. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await untilAborted(over, signal).finally(() => cancel());
}

/** What `promise` brings, unless the signal fires first. What comes later is dropped. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw stopped();
  let leave = () => {};
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(stopped());
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([promise, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
