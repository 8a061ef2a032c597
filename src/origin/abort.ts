import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';

/** Why a signal fired, as the error its asker gets: its own ProxyError, a deadline, or a client that left. */
export function abortError(signal: AbortSignal): ProxyError {
  const reason: unknown = signal.reason;
  if (reason instanceof ProxyError) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new ProxyError('origin_timeout', 'the time allowed for this request is over');
  }
  return new ProxyError('client_closed', 'the request was given up');
}

/** Calls `task` when `signal` fires; the returned function forgets it, so that no listener outlives its use. */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

/** Waits `ms` on the clock; rejects as soon as the signal fires. */
export function pauseFor(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortError(signal));
      return;
    }
    const cancel = clock.after(ms, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, () => {
      cancel();
      reject(abortError(signal));
    });
  });
}
