import { feedKit, MINUTE } from './feed-kit.js';

/** A feed that has read once what ids 1 to 20 of each kind make, all of them cached but those over 1000. */
export async function begun(options: Parameters<typeof feedKit>[0] = {}) {
  const kit = feedKit(options);
  for (const kind of ['movie', 'tv', 'person'] as const) {
    for (let id = 1; id <= 20; id++) kit.lists.edit(kind, id);
    kit.cached(kind, ...Array.from({ length: 999 }, (_, i) => i + 1));
  }
  kit.clock.advance(MINUTE);
  await kit.poll();
  kit.softened();
  kit.clock.advance(15 * MINUTE);
  return kit;
}
