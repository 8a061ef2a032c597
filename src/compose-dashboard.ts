import type { Management } from './admin/management.js';
import { systemClock } from './clock.js';
import { EndedSessions } from './dashboard/ended-sessions.js';
import type { Sampler } from './dashboard/sampler.js';
import type { Watching } from './dashboard/watching.js';

/** The core's side of the dashboard. The sampler is loaded with the first who watches. */
export function watchingOf(management: () => Management): Watching {
  const ended = new EndedSessions(systemClock);
  let sampler: Promise<Sampler> | undefined;
  const load = async () => {
    const { Sampler } = await import('./dashboard/sampler.js');
    return new Sampler({ source: management(), clock: systemClock });
  };
  return {
    watch: async (after) => {
      sampler ??= load();
      return (await sampler).watch(after);
    },
    endSession: async (id, until) => ended.add(id, until),
    endedSessions: async (ids) => ids.filter((id) => ended.has(id)),
  };
}
