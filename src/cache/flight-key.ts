import type { Want } from './landed.js';

export type Wanted = Pick<Want, 'route' | 'stored'>;

/** What flights are told apart by: the whole, or one range of it. A stored whole is validated as a whole, whatever is wanted of it. */
export function flightKey({ route: { key, range }, stored }: Wanted): string {
  const whole = range === undefined || (stored !== undefined && stored.status !== 206);
  return whole ? key : `${key}\n${range}`;
}
