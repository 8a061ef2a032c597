// What a CPU profile of Node (--cpu-prof) says, by area.

/** First match counts. `url` is '' for what is not JavaScript. */
const AREAS = [
  ['waiting', ({ functionName }) => functionName === '(idle)'],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['writing to sockets', ({ functionName, url }) => url === '' && /^write/.test(functionName)],
  ['compression', ({ url }) => url === 'node:zlib'],
  ['node:http', ({ url }) => /^node:(?:_http|internal\/http)/.test(url)],
  ['other parts of Node', ({ url }) => url.startsWith('node:')],
  ...['undici', 'ioredis', 'lmdb', 'lru-cache', 'pino'].map((name) => [
    name,
    ({ url }) => url.includes(`/node_modules/${name}/`) || url.includes(`/part-library-${name}-`),
  ]),
  ['other libraries', ({ url }) => url.includes('/node_modules/') || url.includes('/part-library-')],
  ['our own code', ({ url }) => url.includes('/dist/')],
  ['native code and the rest', () => true],
];

/** @typedef {{ callFrame: { functionName: string, url: string, lineNumber: number }, id: number }} Frame */

/**
 * Shares of the time in which the process was not waiting, of the profile's last `seconds` before `until` the end.
 * @param {{ nodes: Frame[], samples: number[], timeDeltas: number[], endTime: number, startTime: number }} profile
 * @param {number} fromMicros @param {number} toMicros since the profile's start
 * @returns {{ areas: Record<string, number>, heaviest: [name: string, share: number][] }} `heaviest`: of our own functions
 */
export function sharesOf(profile, fromMicros, toMicros) {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
  const areas = Object.fromEntries(AREAS.map(([name]) => [name, 0]));
  const own = new Map();
  let at = 0;
  let busy = 0;
  profile.samples.forEach((id, i) => {
    const spent = profile.timeDeltas[i];
    at += spent;
    if (at < fromMicros || at > toMicros) return;
    const frame = frames.get(id);
    const [area] = AREAS.find(([, matches]) => matches(frame));
    areas[area] += spent;
    if (area !== 'waiting') busy += spent;
    if (area === 'our own code') own.set(nameOf(frame), (own.get(nameOf(frame)) ?? 0) + spent);
  });
  delete areas.waiting;
  for (const name of Object.keys(areas)) areas[name] /= busy;
  const heaviest = [...own].map(([name, spent]) => [name, spent / busy]).sort((a, b) => b[1] - a[1]);
  return { areas, heaviest: heaviest.slice(0, 5) };
}

const nameOf = ({ functionName }) => functionName || 'anonymous';
