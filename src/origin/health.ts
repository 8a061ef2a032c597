import type { Clock } from '../clock.js';

export interface HealthCheckOptions {
  readonly clock: Clock;
  /** Between two rounds, ms. */
  readonly intervalMs: number;
  /** Whether there is anything to look after. */
  readonly needed: () => boolean;
  /** One round of probes. Must not reject. */
  readonly round: (signal: AbortSignal) => Promise<void>;
}

/** Looks after servers that have been left, one round per interval, and rests when there is none. */
export class HealthCheck {
  private cancelTimer: (() => void) | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly options: HealthCheckOptions) {}

  /** Begins unless it has; call whenever a server may have been left. */
  wake(): void {
    if (this.cancelTimer || this.stopped.signal.aborted || !this.options.needed()) return;
    this.cancelTimer = this.options.clock.after(this.options.intervalMs, () => {
      void this.options.round(this.stopped.signal).finally(() => {
        this.cancelTimer = undefined;
        this.wake();
      });
    });
  }

  close(): void {
    this.cancelTimer?.();
    this.stopped.abort();
  }
}
