import type { Answer } from '../cache/answer.js';
import { ageAt } from '../tiers/entry.js';
import { respondArriving } from './arriving-response.js';
import { EntryFields, withOwn } from './entry-fields.js';
import { respondEntry } from './entry-response.js';
import type { Exchange } from './exchange.js';
import { IdentityBodies } from './identity-bodies.js';
import { respondRaw } from './raw-response.js';
import type { Rewriter, ServerSettings } from './settings.js';

/** Writes answers to clients; one per listener. The rules are in the files named after the kinds of answer. */
export class Delivery {
  readonly fields: EntryFields;
  readonly identities: IdentityBodies;
  readonly #rewriter: Rewriter | undefined;

  constructor(settings: ServerSettings) {
    this.fields = new EntryFields(settings);
    this.identities = new IdentityBodies(settings.identityBytes, settings.observer.decoded);
    this.#rewriter = settings.rewriter;
  }

  /**
   * Resolves when the answer is written or on its way; the exchange follows it from there. Rejects, with nothing sent,
   * when it can't be.
   */
  async deliver(given: Answer, exchange: Exchange): Promise<void> {
    exchange.outcome = given.outcome;
    exchange.age = ageOf(given, exchange.settings.clock.now());
    let answer = given;
    if (exchange.gone) return giveUp(answer);
    try {
      if (this.#rewriter !== undefined) {
        answer = await this.#rewriter.apply(given, exchange, this.identities);
        if (exchange.gone) return giveUp(answer);
      }
      // Who is given them is who made us ask.
      if (exchange.quiet && answer.kind !== 'raw' && answer.own !== undefined)
        answer = { ...answer, own: undefined };
      if (answer.kind === 'entry') await respondEntry(withOwn(answer.entry, answer.own), exchange, this);
      else if (answer.kind === 'arriving') await respondArriving(answer, exchange, this);
      else respondRaw(answer, exchange);
    } catch (error) {
      giveUp(answer);
      throw error;
    }
  }
}

/** Whole seconds; undefined of what is not stored. */
function ageOf(answer: Answer, now: number): number | undefined {
  if (answer.kind === 'raw') return undefined;
  return Math.floor(ageAt(answer.kind === 'entry' ? answer.entry : answer.head, now) / 1000);
}

function giveUp(answer: Answer): void {
  if (answer.kind !== 'entry') answer.body.cancel();
}
