import { ConfigError } from '../../../src/config/config-error.js';
import { type LoadedConfig, type LoadOptions, loadConfig } from '../../../src/config/load.js';

export const MACHINE = { cores: 4, memoryBytes: 8 * 1024 ** 3, hostname: 'box.local', randomId: 'abcd1234' };

/** Loads from an environment and made-up files (absolute paths; the working directory is /work). */
export function load(
  env: Record<string, string | undefined> = {},
  files: Record<string, string> = {},
  options: Partial<LoadOptions> = {},
): LoadedConfig {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
    return content;
  };
  return loadConfig({ env, cwd: '/work', readFile, machine: MACHINE, ...options });
}

/** The mistakes of a configuration that must be refused. */
export function mistakesOf(...args: Parameters<typeof load>): readonly string[] {
  try {
    load(...args);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.mistakes;
    throw thrown;
  }
  throw new Error('was accepted');
}

/** One variable as it is shown. */
export function shown(loaded: LoadedConfig, name: string) {
  const found = loaded.effective.find((setting) => setting.name === name);
  if (found === undefined) throw new Error(`${name} is not shown`);
  return found;
}
