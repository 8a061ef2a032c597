import { createHash } from 'node:crypto';

interface Version {
  readonly hash: string;
  /** From then on no request may be given it; `performance.now()`. */
  retired: number;
}

/** What an origin says of each path, by hash, and until when what it said before may be answered. */
export class Truth {
  readonly #versions = new Map<string, Version[]>();

  get paths(): string[] {
    return [...this.#versions.keys()];
  }

  /** The origin says this from now on. What it said before holds, too, until `settle`. */
  says(path: string, body: Buffer): void {
    const versions = this.#versions.get(path) ?? [];
    versions.push({ hash: hashOf(body), retired: Number.POSITIVE_INFINITY });
    this.#versions.set(path, versions);
  }

  /** From now on only what was said last is right. */
  settle(path: string): void {
    for (const version of this.#of(path).slice(0, -1))
      version.retired = Math.min(version.retired, performance.now());
  }

  /** What is wrong with an answer to a request that began then; undefined: nothing. */
  mistakeIn(path: string, body: Buffer, began: number): string | undefined {
    const hash = hashOf(body);
    const versions = this.#of(path).filter((version) => version.hash === hash);
    if (versions.some(({ retired }) => began < retired)) return undefined;
    const what = versions.length === 0 ? 'no bytes of the origin' : 'purged bytes are back';
    return `${path}: ${what}: ${body.toString('latin1', 0, 100)}`;
  }

  #of(path: string): Version[] {
    const versions = this.#versions.get(path);
    if (versions === undefined) throw new Error(`nothing is known of ${path}`);
    return versions;
  }
}

function hashOf(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
