/** Longer than the longest that the management API takes by itself, ms. */
const DEADLINE_MS = 30_000;

/** What the server said instead of an answer, for people. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** An answer of the management API (or of the dashboard's own paths). Throws `Refused`. */
export async function ask<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
  const given = Object.entries(query).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  return answer<T>(fetched(search === '' ? path : `${path}?${search}`));
}

/** The same of a POST with a JSON body. */
export async function send<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  return answer<T>(fetched(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

function fetched(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
}

async function answer<T>(asked: Promise<Response>): Promise<T> {
  const response = await asked.catch(unreachable);
  if (response.ok) return (await response.json().catch(unreachable)) as T;
  const problem = (await response.json().catch(() => ({}))) as { detail?: unknown };
  const detail =
    typeof problem.detail === 'string' ? problem.detail : `The proxy answered ${response.status}.`;
  throw new Refused(
    response.status,
    response.status === 401 ? 'You are signed out. Reload the page.' : detail,
  );
}

function unreachable(thrown: unknown): never {
  const late = thrown instanceof DOMException && thrown.name === 'TimeoutError';
  throw new Refused(
    0,
    late
      ? 'The proxy did not answer in time. What was asked for may have happened nevertheless.'
      : 'The proxy can not be reached. Try again when it is back.',
  );
}

/** What to tell people of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Refused ? thrown.message : 'The page has a fault. Reload it.';
}
