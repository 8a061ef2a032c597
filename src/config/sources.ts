import { basename, resolve } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { errorCode, type Mistakes } from './config-error.js';
import { SETTING_NAMES, SETTINGS, type SettingName, settingOf } from './settings/index.js';
import { readConfigFile } from './yaml-file.js';

export type ReadFile = (path: string) => string;

/** One place that variables come from. */
export interface Layer {
  readonly kind: 'env' | 'dotenv' | 'config';
  /** As the reason of a value names it. */
  readonly label: string;
  readonly values: ReadonlyMap<string, string>;
}

/** The text of one variable and where it came from. */
export interface Given {
  readonly text: string;
  readonly source: 'env' | 'file';
  readonly reason: string;
}

export interface SourceOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly configFile: string | undefined;
  readonly readFile: ReadFile;
}

/** The layers in order of precedence: environment, `.env`, `--config`. */
export function readLayers(options: SourceOptions, mistakes: Mistakes): Layer[] {
  const layers: Layer[] = [{ kind: 'env', label: 'environment', values: trimmed(options.env) }];
  const dotenv = readDotenv(options, mistakes);
  if (dotenv !== undefined)
    layers.push({ kind: 'dotenv', label: '.env', values: trimmed(parseDotenv(dotenv)) });
  if (options.configFile !== undefined) {
    const values = readConfigFile(options.configFile, options, mistakes);
    layers.push({ kind: 'config', label: basename(options.configFile), values: trimmed(values) });
  }
  return layers;
}

/** An empty value is an unset one: compose files and CI cannot leave a variable out. */
function trimmed(values: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const result = new Map<string, string>();
  for (const [name, value] of Object.entries(values)) {
    const text = value?.trim() ?? '';
    if (text !== '') result.set(name, text);
  }
  return result;
}

function readDotenv({ cwd, readFile }: SourceOptions, mistakes: Mistakes): string | undefined {
  try {
    return readFile(resolve(cwd, '.env'));
  } catch (thrown) {
    const code = errorCode(thrown);
    if (code !== 'ENOENT') mistakes.add('.env', `cannot be read (${code}); make it readable or remove it`);
    return undefined;
  }
}

/** The variable that names a file with this one's value; undefined where there is none. */
export function fileVariable(name: SettingName): string | undefined {
  if (settingOf(name).secret === 'none') return undefined;
  const variable = `${name}_FILE`;
  // PROXY_KEYS_FILE is a variable of its own: it is followed as it changes, not read once.
  return variable in SETTINGS ? undefined : variable;
}

/** Every name under which a variable may be given, its own first. */
export function spellings(name: SettingName): string[] {
  return [name, ...settingOf(name).aliases];
}

/** The text of every variable that is given anywhere, the first layer winning. */
export function gather(
  layers: readonly Layer[],
  options: SourceOptions,
  mistakes: Mistakes,
): Map<SettingName, Given> {
  const gathered = new Map<SettingName, Given>();
  for (const name of SETTING_NAMES) {
    for (const layer of layers) {
      const given = givenIn(layer, name, options, mistakes);
      if (given === undefined) continue;
      if (given !== 'mistaken') gathered.set(name, given);
      break;
    }
  }
  return gathered;
}

function givenIn(
  layer: Layer,
  name: SettingName,
  options: SourceOptions,
  mistakes: Mistakes,
): Given | 'mistaken' | undefined {
  const used = spellings(name).find((spelling) => layer.values.has(spelling));
  const file = spellings(name)
    .map((spelling) => (fileVariable(name) === undefined ? '' : `${spelling}_FILE`))
    .find((spelling) => layer.values.has(spelling));
  if (used !== undefined && file !== undefined) {
    mistakes.add(name, `set either ${used} or ${file}, not both`);
    return 'mistaken';
  }
  if (used !== undefined) {
    const oldName = used === name ? '' : `, under its other name ${used}`;
    const source = layer.kind === 'env' ? 'env' : 'file';
    return { text: layer.values.get(used) ?? '', source, reason: `${layer.label}${oldName}` };
  }
  return file === undefined ? undefined : readSecretFile(file, layer, name, options, mistakes);
}

/** The path itself is not repeated: people put the secret there by mistake. */
function readSecretFile(
  variable: string,
  layer: Layer,
  name: SettingName,
  { cwd, readFile }: SourceOptions,
  mistakes: Mistakes,
): Given | 'mistaken' {
  try {
    const text = readFile(resolve(cwd, layer.values.get(variable) ?? '')).trim();
    if (text !== '') return { text, source: 'file', reason: `the file that ${variable} names` };
    mistakes.add(name, `the file that ${variable} names is empty; write the value into it`);
  } catch (thrown) {
    const code = errorCode(thrown);
    mistakes.add(
      name,
      `the file that ${variable} names cannot be read (${code}); give the path of a readable file`,
    );
  }
  return 'mistaken';
}
