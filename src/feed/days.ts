const DAY = 24 * 3_600_000;

/** Days (UTC) from the one of `from` to the one of `to`, as TMDB writes them: `YYYY-MM-DD`. Times are ms since epoch. */
export function daysBetween(from: number, to: number): string[] {
  const days: string[] = [];
  for (let at = Math.floor(from / DAY); at <= Math.floor(to / DAY); at++)
    days.push(new Date(at * DAY).toISOString().slice(0, 10));
  return days;
}
