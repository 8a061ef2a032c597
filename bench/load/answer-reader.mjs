const END = Buffer.from('\r\n\r\n');

/** Finds the ends of answers on one connection, without pipelining: Content-Length, chunked, or no body at all. */
export class AnswerReader {
  #onAnswer;
  /** Body bytes still to come; -1: the head has not ended, -2: chunked. */
  #left = -1;
  #status = 0;
  #held = Buffer.alloc(0);

  /** @param {(status: number) => void} onAnswer called when an answer is complete */
  constructor(onAnswer) {
    this.#onAnswer = onAnswer;
  }

  /** @param {Buffer} chunk */
  read(chunk) {
    if (this.#left >= 0) return this.#body(chunk.length);
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    if (this.#left === -2) return this.#chunked();
    const end = this.#held.indexOf(END);
    if (end < 0) return;
    const head = this.#held.toString('latin1', 0, end);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const rest = this.#held.subarray(end + 4);
    if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#left = -2;
      this.#held = rest;
      return this.#chunked();
    }
    this.#held = Buffer.alloc(0);
    this.#left = this.#status === 304 ? 0 : Number(length ?? 0);
    this.#body(rest.length);
  }

  #body(bytes) {
    this.#left -= bytes;
    if (this.#left <= 0) this.#complete();
  }

  /** The last chunk ends what has come: enough for a client that sends nothing before it has its answer. */
  #chunked() {
    if (this.#held.subarray(-5).toString('latin1') === '0\r\n\r\n') this.#complete();
  }

  #complete() {
    this.#left = -1;
    this.#held = Buffer.alloc(0);
    this.#onAnswer(this.#status);
  }
}
