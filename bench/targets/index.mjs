import { nginxTargets } from './nginx.mjs';
import { nodeTargets } from './node.mjs';
import { haproxy, varnish } from './others.mjs';
import { product } from './product.mjs';

/**
 * @typedef {object} Site where and for what a target is started
 * @property {string} folder its own, gone afterwards
 * @property {number} port
 * @property {number} originPort
 * @property {readonly string[]} paths samples that will be asked for
 * @property {Record<string, string>} env variables of the product that a variant wants
 * @property {readonly string[]} [nodeFlags] of the product
 * @property {import('../lib/arguments.mjs').Options} options
 *
 * @typedef {object} Running
 * @property {string} name
 * @property {string} url no slash at the end
 * @property {number} pid
 * @property {{ status?: number, coding?: 'gzip' | 'identity' }} [expect] where it differs from what the variant expects
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} Target
 * @property {string} name
 * @property {string} title
 * @property {string} [debian] package to install when it is missing
 * @property {(options: import('../lib/arguments.mjs').Options) => string | undefined} version undefined: not here
 * @property {(site: Site) => Promise<Running>} start resolves once it answers
 */

/** @type {readonly Target[]} */
const all = [
  product({ name: 'product', title: 'tmdb-cache-proxy' }),
  product({ name: 'product-letter', title: 'tmdb-cache-proxy, UPSTREAM_TYPE=custom', mode: 'letter' }),
  product({ name: 'product-slow', title: 'tmdb-cache-proxy, FAST_PATH=false', env: { FAST_PATH: 'false' } }),
  ...nginxTargets,
  haproxy,
  varnish,
  ...nodeTargets,
];

/** @param {string} name one of the list, or `<product…>@<folder of a build>` @returns {Target} */
export function targetNamed(name) {
  const at = name.indexOf('@');
  if (at > 0) {
    const base = name.slice(0, at);
    const mode = base === 'product-letter' ? 'letter' : 'tmdb';
    const env = base === 'product-slow' ? { FAST_PATH: 'false' } : {};
    return product({ name, title: name, dist: name.slice(at + 1), mode, env });
  }
  const found = all.find((target) => target.name === name);
  if (found === undefined)
    throw new Error(`no target ${name}; there are ${all.map((t) => t.name).join(', ')}, product@<folder>`);
  return found;
}
