// What was edited when, and so how old an answer is that does not show the newest edits.

/** Edits of titles, numbered by title from 1. */
export class Edits {
  /** @type {Map<number, number[]>} times by title */
  #times = new Map();

  /** Notes an edit and gives its number. @param {number} id @param {number} at ms */
  made(id, at) {
    const times = this.#times.get(id) ?? [];
    times.push(at);
    this.#times.set(id, times);
    return times.length;
  }

  /** Titles and how often each was edited. @returns {[id: number, count: number][]} */
  counts() {
    return [...this.#times].map(([id, times]) => [id, times.length]);
  }

  /**
   * How long ago the first edit was made that an answer lacks.
   * @param {number} id @param {number} seen number of the last edit that it shows, 0 for none
   * @param {number} askedAt ms; what was edited later is not asked of it
   * @returns {number} ms, 0 when it lacks none
   */
  staleness(id, seen, askedAt) {
    const missed = this.#times.get(id)?.[seen];
    return missed === undefined || missed > askedAt ? 0 : askedAt - missed;
  }
}

const MARK = 'edit number ';

/** Fields of the title that tell an answer's edit. @param {number} number */
export const patchOf = (number) => ({ tagline: `${MARK}${number}` });

/** @param {string} body of a title @returns {number} the last edit it shows, 0 for none */
export function editShown(body) {
  const at = body.indexOf(`"tagline":"${MARK}`);
  return at < 0 ? 0 : Number.parseInt(body.slice(at + '"tagline":"'.length + MARK.length), 10);
}
