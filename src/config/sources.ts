import { basename, resolve } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument } from 'yaml';
import type { Mistakes } from './config-error.js';
import { SETTING_NAMES, SETTINGS, type SettingName, settingOf } from './settings/index.js';

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

/**
 * YAML whose scalars all stay text: a hexadecimal key of digits only would otherwise be rounded as a number. Syntax
 * errors are told by line and column without the parser's excerpt, which could show a secret.
 */
function readConfigFile(path: string, { cwd, readFile }: SourceOptions, mistakes: Mistakes) {
  const values: Record<string, string> = {};
  let content: string;
  try {
    content = readFile(resolve(cwd, path));
  } catch (thrown) {
    mistakes.add('--config', `cannot be read (${errorCode(thrown)}); give the path of a YAML file`, path);
    return values;
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { schema: 'failsafe', prettyErrors: false, lineCounter: lines });
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0]);
    mistakes.add('--config', `line ${line}, column ${col} is not valid YAML (${error.code})`, path);
  }
  const { contents } = document;
  if (document.errors.length > 0 || contents === null || isEmpty(contents)) return values;
  if (!isMap(contents)) {
    mistakes.add('--config', 'write one "NAME: value" a line', path);
    return values;
  }
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const text = scalarText(value);
    if (name === '' || text === undefined) {
      const where = lines.linePos((key as ParsedNode).range[0]).line;
      mistakes.add('--config', `line ${where}: write "NAME: value", or a list of plain values`, path);
      continue;
    }
    values[name] = text;
  }
  return values;
}

function scalarText(node: unknown): string | undefined {
  if (node === null || isEmpty(node)) return '';
  if (isScalar(node)) return String(node.value);
  if (!isSeq(node)) return undefined;
  const items = node.items.map((item) => (isScalar(item) ? String(item.value) : undefined));
  return items.includes(undefined) ? undefined : items.join(',');
}

/** Unquoted `null`, `~` or nothing, which the failsafe schema reads as text. */
function isEmpty(node: unknown): boolean {
  if (!isScalar(node) || node.type !== 'PLAIN') return false;
  return node.value === null || ['', 'null', '~'].includes(String(node.value));
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

export function errorCode(thrown: unknown): string {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
