import { Agent, request } from 'undici';
import type { SampleOrigin } from '../../../src/demo/index.js';
import { get, json } from '../../support/raw-client.js';
import type { Soak } from '../../support/soak.js';
import { Truth } from '../../support/truth.js';

const TITLES = Array.from({ length: 30 }, (_, i) => `/3/movie/${550 + i}?language=en-US`);
const EDITED_ID = 580;
export const EDITED = `/3/movie/${EDITED_ID}`;
const LARGE = '/t/p/original/big-1mb.jpg';
/** Bytes of a file, first to last: its head, and what a player asks for behind it. */
const RANGES = [
  [0, 99],
  [700, 1499],
] as const;

/** A request that clients send, and what its answer has to be. */
interface Question {
  readonly kind: 'json' | 'image' | 'range' | 'validation';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly status: number;
  /** Of the body of a range, first to last byte. */
  readonly range?: readonly [number, number];
}

/** What clients ask a fleet for: titles, one of which is edited again and again, pictures, parts of pictures, and whether what they have is current. */
export class Asking {
  readonly questions: Question[] = [];
  readonly #agent = new Agent({ connections: 32, pipelining: 1 });
  readonly #truth = new Truth();
  readonly #bodies = new Map<string, Buffer>();
  #edits = 0;

  private constructor(
    private readonly origin: SampleOrigin,
    private readonly soak: Soak,
  ) {}

  static async of(origin: SampleOrigin, soak: Soak): Promise<Asking> {
    const asking = new Asking(origin, soak);
    await asking.#learn();
    return asking;
  }

  /** One of all questions, to any of the nodes. */
  any(): Question {
    return this.questions[Math.floor(this.soak.random() * this.questions.length)]!;
  }

  /** Asks a node for what is at a path; every answer has to be right. Resolves with what `X-Cache` says. */
  async ask(url: string, { kind, path, headers, status, range }: Question): Promise<string | undefined> {
    const began = performance.now();
    this.soak.requests++;
    this.soak.input(kind);
    try {
      const answer = await request(url + path, { dispatcher: this.#agent, headers });
      const body = Buffer.from(await answer.body.arrayBuffer());
      this.soak.stalled(performance.now() - began);
      if (answer.statusCode !== status) this.soak.lose(`${kind} ${path}: ${answer.statusCode}`);
      else this.#judge(path, body, began, status === 304 ? [0, -1] : range);
      return answer.headers['x-cache'] as string | undefined;
    } catch (error) {
      this.soak.lose(`${kind} ${path}: ${String(error)}`);
      return undefined;
    }
  }

  /** Edits a title at the origin; what it was remains right until `settle`. Resolves with its name. */
  async edit(): Promise<string> {
    const title = `Edited ${++this.#edits}`;
    this.origin.edit('movie', EDITED_ID, { title });
    await this.#says(EDITED);
    return title;
  }

  /** All nodes obey the purge of the title: from now on no answer may be what it was. */
  settle(): void {
    this.#truth.settle(EDITED);
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  async #learn(): Promise<void> {
    for (const path of [...TITLES, EDITED]) {
      const { etag } = await this.#says(path);
      this.#asks({ kind: 'json', path, headers: {}, status: 200 });
      if (path !== EDITED)
        this.#asks({ kind: 'validation', path, headers: { 'if-none-match': etag }, status: 304 });
    }
    const title = JSON.parse(this.#bodies.get(TITLES[0]!)!.toString()) as { poster_path: string };
    for (const path of [`/t/p/w342${title.poster_path}`, LARGE]) {
      const { etag } = await this.#says(path);
      this.#asks({ kind: 'image', path, headers: {}, status: 200 });
      this.#asks({ kind: 'validation', path, headers: { 'if-none-match': etag }, status: 304 });
      for (const range of RANGES)
        this.#asks({
          kind: 'range',
          path,
          headers: { range: `bytes=${range.join('-')}` },
          status: 206,
          range,
        });
    }
  }

  #asks(question: Question): void {
    this.questions.push(question);
  }

  async #says(path: string): Promise<{ etag: string }> {
    const got = await get(this.origin.url + path, { headers: { authorization: 'Bearer any.v4.token' } });
    if (got.status !== 200) throw new Error(`the origin says ${got.status} to ${path}`);
    this.#truth.says(path, got.body);
    this.#bodies.set(path, got.body);
    return { etag: got.headers.etag! };
  }

  #judge(path: string, body: Buffer, began: number, range: Question['range']): void {
    if (range === undefined) {
      const mistake = this.#truth.mistakeIn(path, body, began);
      if (mistake !== undefined) this.soak.mistake(mistake);
      return;
    }
    const wanted = this.#bodies.get(path)!.subarray(range[0], range[1] + 1);
    if (!body.equals(wanted)) this.soak.mistake(`${path}: bytes ${range.join('-')} are others`);
  }
}

/** Of the title that is edited. */
export async function titleAt(url: string): Promise<unknown> {
  return json(await get(url + EDITED)).title;
}
