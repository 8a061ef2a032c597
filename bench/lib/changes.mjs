// Whether a result is of the code that is here now.
import { execFileSync } from 'node:child_process';

/** What the product is built from. */
const BUILT_FROM = ['src', 'scripts/bundle.mjs'];
const ROOT = new URL('../..', import.meta.url);

/** @param {readonly string[]} args @returns {string} throws where git is missing or fails */
function runGit(args) {
  return execFileSync('git', [...args], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/**
 * What a reader of a result should be told of what came after it; undefined: nothing did.
 * @param {string} commit the result's @param {(args: readonly string[]) => string} [git]
 * @returns {string | undefined}
 */
export function changedSince(commit, git = runGit) {
  try {
    const commits = Number(git(['rev-list', '--count', `${commit}..HEAD`, '--', ...BUILT_FROM]));
    const open = git(['status', '--porcelain', '--', ...BUILT_FROM]) !== '';
    if (commits === 0 && !open) return undefined;
    const many = `${commits} ${commits === 1 ? 'commit' : 'commits'}`;
    return `src has changed since ${commit}: ${many}${open ? ' and changes not committed' : ''}`;
  } catch {
    return `whether src has changed since ${commit} is unknown: git does not know that commit`;
  }
}
