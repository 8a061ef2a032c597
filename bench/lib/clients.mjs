// Many clients, as a proxy behind a load balancer sees them: each with fields of its own.
import { seeded } from './statistics.mjs';

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1',
  'okhttp/4.12.0',
];

/**
 * Fields of `count` clients, no two alike and the same on every run: an address each, a cookie each, three user agents.
 * @param {number} count at most 65 536 @returns {Record<string, string>[]}
 */
export function clientsOf(count) {
  const random = seeded(count);
  const word = () =>
    Math.floor(random() * 2 ** 31)
      .toString(16)
      .padStart(8, '0');
  return Array.from({ length: count }, (_, n) => ({
    'X-Forwarded-For': `10.20.${n >> 8}.${n & 255}`,
    'User-Agent': AGENTS[n % AGENTS.length],
    Cookie: `session=${word()}${word()}${word()}${word()}`,
  }));
}

/** Field lines, an empty line behind each client's. @param {readonly Record<string, string>[]} clients */
export function clientsText(clients) {
  const lines = (fields) => Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  return clients.map((fields) => `${lines(fields).join('')}\n`).join('');
}
