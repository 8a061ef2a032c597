/** How many deliveries are remembered; a peer repeats one within minutes, not thousands later. */
const MAX_RECEIPTS = 10_000;

/**
 * What has been delivered here, by the sender's id for it: a purge whose answer was lost is sent again, and must be
 * answered but not raised again (I-16). A forgotten one is raised twice, which costs misses only.
 */
export class Receipts<T> {
  readonly #done = new Map<string, Promise<T>>();

  /** The result of the first delivery of `id`, or of `work` when there is none. A failure is not remembered. */
  once(id: string | undefined, work: () => Promise<T>): Promise<T> {
    if (id === undefined) return work();
    const earlier = this.#done.get(id);
    if (earlier !== undefined) return earlier;
    const result = work();
    this.#done.set(id, result);
    const [oldest] = this.#done.keys();
    if (this.#done.size > MAX_RECEIPTS && oldest !== undefined) this.#done.delete(oldest);
    result.catch(() => this.#done.delete(id));
    return result;
  }
}
