import { withAppended } from './append.js';
import { type Ask, found, idOf, ok, paged, parameter, type Reply } from './ask.js';
import { DAY, type FeedKind } from './changes.js';
import { TmdbError } from './envelopes.js';
import { PERSON_PARTS, personDetails } from './people.js';
import type { JsonObject } from './random.js';
import type { Router } from './router.js';

function dateOf(ask: Ask, name: string): number | undefined {
  const text = parameter(ask, name);
  if (text === undefined) return undefined;
  const time = Date.parse(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(time)) throw new TmdbError(23);
  return time;
}

/** The time a change feed is asked for: the last 24 hours, or whole days, 14 at most (error 20). */
function rangeOf(ask: Ask): [from: number, to: number] {
  const now = ask.world.now();
  const end = dateOf(ask, 'end_date');
  const start = dateOf(ask, 'start_date');
  const to = end === undefined ? now : end + DAY - 1;
  const from = start ?? (end === undefined ? now - DAY : end);
  if (to - from > 15 * DAY || from > to) throw new TmdbError(20);
  // What a day still brings is not known yet.
  return [from, Math.min(to, now)];
}

function feed(kind: FeedKind): (ask: Ask) => Reply {
  return (ask) => {
    const [from, to] = rangeOf(ask);
    const ids = ask.world.catalogue.changes.ids(kind, from, to);
    return {
      ...ok(paged(ask, ids, (id) => ({ id, adult: false }), 100)),
      keeping: 'changes',
      personal: true,
    };
  };
}

function changesOf(kind: FeedKind): (ask: Ask) => Reply {
  return (ask) => {
    const { catalogue } = ask.world;
    const id = idOf(ask);
    if (!catalogue.has(kind, id)) throw new TmdbError(34);
    const [from, to] = rangeOf(ask);
    const byKey = new Map<string, JsonObject[]>();
    for (const change of catalogue.changes.of(kind, id, from, to)) {
      const time = new Date(change.time).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
      for (const key of change.keys) {
        const items = byKey.get(key) ?? [];
        items.push({ id: `${id}-${change.time}-${key}`, action: 'updated', time });
        byKey.set(key, items);
      }
    }
    const changes = [...byKey].map(([key, items]) => ({ key, items }));
    return { ...ok({ changes }), keeping: 'changes', personal: true };
  };
}

/** Persons, and the change feeds of all kinds. */
export function peopleRoutes(router: Router): void {
  for (const kind of ['movie', 'tv', 'person'] as const) {
    router.get(`/3/${kind}/changes`, feed(kind));
    router.get(`/3/${kind}/:id/changes`, changesOf(kind));
  }
  const person = (ask: Ask) => found(ask.world.catalogue.person(idOf(ask)));
  router.get('/3/person/latest', (ask) => ok(personDetails(ask, found(ask.world.catalogue.persons()[0]))));
  router.get('/3/person/:id', (ask) => {
    const who = person(ask);
    return withAppended(ask, personDetails(ask, who), (name) => PERSON_PARTS.get(name)?.(ask, who));
  });
  for (const [name, part] of PERSON_PARTS)
    router.get(`/3/person/:id/${name}`, (ask) => ok(part(ask, person(ask))));
}
