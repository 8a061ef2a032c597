/** Percentiles over the last `size` samples: a fixed ring, so memory never grows. Sorted only when asked. */
export class Latency {
  private readonly ring: Float64Array;
  private written = 0;

  constructor(size = 256) {
    this.ring = new Float64Array(size);
  }

  /** `ms` of one attempt. */
  add(ms: number): void {
    this.ring[this.written % this.ring.length] = ms;
    this.written++;
  }

  /** The nearest-rank percentile for each of `shares` (0 to 1), ms; null before the first sample. */
  percentiles(shares: readonly number[]): (number | null)[] {
    const sorted = this.ring.slice(0, Math.min(this.written, this.ring.length)).sort();
    return shares.map((share) => {
      if (sorted.length === 0) return null;
      return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
    });
  }
}
