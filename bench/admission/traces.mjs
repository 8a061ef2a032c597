// Traces: lists of numbers of objects, and the size of each object. The same on every run.
import { seeded } from '../lib/statistics.mjs';
import { zipf } from '../lib/trace.mjs';

/** Bytes of an object: JSON of 2 to 15 kB, small ones more often. */
function jsonSizes(count, random) {
  return Uint32Array.from({ length: count }, () => 2_000 + Math.floor(random() ** 2 * 13_000));
}

function zipfTrace(name, s, { objects, length }) {
  const random = seeded(10);
  const next = zipf(objects, s, random);
  return { name, sizes: jsonSizes(objects, random), keys: Uint32Array.from({ length }, next) };
}

/** Half of the requests are Zipf, the others walk once over objects nobody asks for again (a crawler). */
function scanTrace({ objects, length }) {
  const random = seeded(11);
  const next = zipf(objects, 0.9, random);
  let fresh = objects;
  const keys = Uint32Array.from({ length }, () => (random() < 0.5 ? next() : fresh++));
  return { name: 'zipf 0.9 + scan', sizes: jsonSizes(fresh, random), keys };
}

/** One walk after the other over the same objects, which are more than fit (a nightly job). */
function loopTrace({ objects, length }) {
  const random = seeded(12);
  const round = Math.floor(objects / 5);
  return {
    name: 'loop',
    sizes: jsonSizes(objects, random),
    keys: Uint32Array.from({ length }, (_, i) => i % round),
  };
}

/** What is popular changes every 100 000 requests by half: a cache must forget as well. */
function shiftTrace({ objects, length }) {
  const random = seeded(13);
  const next = zipf(objects, 0.9, random);
  const keys = Uint32Array.from({ length }, (_, i) => {
    const rank = next();
    const epoch = Math.floor(i / 100_000) + (rank % 2);
    return (rank + Math.floor(epoch / 2) * 7919) % objects;
  });
  return { name: 'zipf 0.9, popularity shifts', sizes: jsonSizes(objects, random), keys };
}

/** As TMDB is used: a title's JSON, often with some of its images (20 to 200 kB); now and then a crawl by id. */
function mixedTrace({ objects, length }) {
  const random = seeded(14);
  const next = zipf(objects, 0.95, random);
  const sizes = [...jsonSizes(objects, random)];
  for (let i = 0; i < objects * 2; i += 1) sizes.push(20_000 + Math.floor(random() ** 2 * 180_000));
  const keys = new Uint32Array(length);
  let crawl = 0;
  for (let i = 0; i < length; ) {
    const title = random() < 0.1 ? crawl++ % objects : next();
    keys[i++] = title;
    if (random() < 0.4 && i < length) keys[i++] = objects + title * 2;
    if (random() < 0.15 && i < length) keys[i++] = objects + title * 2 + 1;
  }
  return { name: 'mixed JSON and images', sizes: Uint32Array.from(sizes), keys };
}

export function traces(scale) {
  return [
    ...[0.7, 0.9, 1.1].map((s) => zipfTrace(`zipf ${s}`, s, scale)),
    scanTrace(scale),
    loopTrace(scale),
    shiftTrace(scale),
    mixedTrace(scale),
  ];
}
