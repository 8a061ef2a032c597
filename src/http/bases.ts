/** Addresses below which one and the same thing is served: hosts, some with a path (`https://example.org/tmdb`). */
export class Bases {
  readonly #paths = new Map<string, string[]>();

  /** @param bases `host`, `host:port`, or either with a path behind it */
  constructor(bases: readonly string[]) {
    for (const base of bases) {
      const slash = base.indexOf('/');
      const host = (slash < 0 ? base : base.slice(0, slash)).toLowerCase();
      const path = slash < 0 ? '' : base.slice(slash).replace(/\/+$/, '');
      // The longest first: of two that fit it is the one that was meant.
      const paths = [...(this.#paths.get(host) ?? []), path].sort((a, b) => b.length - a.length);
      this.#paths.set(host, paths);
    }
  }

  /** A target (path and query) at a host without the base's path; undefined: it is none of them. */
  below(host: string, target: string): string | undefined {
    const path = this.#paths
      .get(host.toLowerCase())
      ?.find((known) => target.startsWith(known) && /^(?:[/?]|$)/.test(target.slice(known.length)));
    return path === undefined ? undefined : target.slice(path.length);
  }
}
