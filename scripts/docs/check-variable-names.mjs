// No document names a variable that the program does not know. What all of them mean is in docs/configuration.md, printed from the same table.
import { existsSync, readFileSync } from 'node:fs';

/** Names in capitals that are others' or none. */
const FOREIGN = new Map([
  ['NODE_EXTRA_CA_CERTS', 'Node'],
  ['REDIS_SERVICE_HOST', 'a service link of Kubernetes'],
  ['REDIS_PORT', 'a service link of Kubernetes'],
  ['TMDB_API_DOMAIN', 'MoviePilot'],
  ['TMDB_IMAGE_DOMAIN', 'MoviePilot'],
  ['FUZZ_REQUESTS', 'test/fast-path'],
  ['SOAK_REQUESTS', 'test/soak/bounds'],
  ['SOAK_KILLS', 'test/soak/machine-faults'],
  ['SCENARIO_FOLDER', 'scripts/scenario.mjs'],
  ['MDB_MAP_FULL', 'an error of LMDB'],
  ['DECODED_OVERHEAD', 'a constant of src/tiers'],
  ['NAME_FILE', 'any variable with _FILE'],
]);

/** A name with an underscore, or one that is given a value; `CHANGE_FEED_*` and `…_DISK_TTL` stand for several. */
const NAME =
  /(?<![A-Za-z0-9_$])([…*]_)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|[A-Z][A-Z0-9]+(?=_[…*])|[A-Z]{3,}(?==[\w“…'"]))(_[…*])?(?![A-Za-z0-9_])/g;

/** A constant beside its file is no variable; that it is there is for test/unit/docs/bounds.test.ts to see. */
const CONSTANT = /`[A-Z][A-Z0-9_]*` in `src\/[^`]+`/g;

/** Files with variables of their own, and how these look there. */
const CONTAINERS = [
  ['docker-compose.yml', /\$\{([A-Z][A-Z0-9_]*)/g],
  ['docker-compose.redis.yml', /\$\{([A-Z][A-Z0-9_]*)/g],
  ['Dockerfile', /^ARG ([A-Z][A-Z0-9_]*)/gm],
];

/** @returns {Promise<Set<string>>} every name under which something may be set: ours, and those of the container files */
export async function knownVariables() {
  const { SETTING_NAMES } = await import('../../dist/config/settings/index.js');
  const { fileVariable, spellings } = await import('../../dist/config/sources.js');
  const known = new Set();
  for (const name of SETTING_NAMES)
    for (const spelling of spellings(name)) {
      known.add(spelling);
      if (fileVariable(name) !== undefined) known.add(`${spelling}_FILE`);
    }
  for (const [file, form] of CONTAINERS)
    if (existsSync(file)) for (const [, name] of readFileSync(file, 'utf8').matchAll(form)) known.add(name);
  return known;
}

/**
 * @param {ReadonlyMap<string, string>} documents text by path
 * @param {ReadonlySet<string>} known
 * @returns {{ summary: string, complaints: string[] }}
 */
export function checkVariableNames(documents, known) {
  const found = new Set();
  const complaints = new Set();
  for (const [document, text] of documents)
    for (const [whole, before, name, after] of text.replaceAll(CONSTANT, '').matchAll(NAME)) {
      found.add(name);
      if (!meant(name, before, after, known))
        complaints.add(`${document}: ${whole} is no variable of this program`);
    }
  return { summary: `${found.size} names of variables`, complaints: [...complaints] };
}

function meant(name, before, after, known) {
  if (FOREIGN.has(name)) return true;
  if (before === undefined && after === undefined) return known.has(name);
  return [...known].some(
    (one) =>
      (before === undefined || one.endsWith(`_${name}`)) &&
      (after === undefined || one.startsWith(`${name}_`)),
  );
}
