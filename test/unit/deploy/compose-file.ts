import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const REPOSITORY = new URL('../../../', import.meta.url).pathname;
export const REDIS_FILE = 'docker-compose.redis.yml';
export const SINGLE_FILE = 'docker-compose.yml';

export const textOf = (file: string): string => readFileSync(REPOSITORY + file, 'utf8');

export interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly network: string };
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly restart: string;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string }>> | readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly mem_limit?: string;
  readonly pids_limit?: number;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<string, { readonly ipam: { readonly config: readonly Record<string, string>[] } }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/**
 * The file as Compose reads it where the shell and .env have `variables`: `${NAME:-default}` filled in, `$$` made `$`, variables
 * without a value passed on or left out.
 */
export function readCompose(
  variables: Readonly<Record<string, string>> = {},
  file: string = REDIS_FILE,
): ComposeFile {
  const filled = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return fill(value, variables);
    if (Array.isArray(value)) return value.map((item) => filled(item, key));
    if (value === null || typeof value !== 'object') return value;
    const entries = Object.entries(key === 'environment' ? passedOn(value, variables) : value);
    return Object.fromEntries(entries.map(([name, item]) => [name, filled(item, name)]));
  };
  return filled(parse(textOf(file), { merge: true }), '') as ComposeFile;
}

/** Names of the variables that a service's environment takes over from the shell. */
export function takenOver(file: string, service: string): string[] {
  const { services } = parse(textOf(file), { merge: true }) as {
    services: Record<string, { environment: Record<string, string | null> }>;
  };
  return Object.entries(services[service]!.environment)
    .filter(([, value]) => value === null)
    .map(([name]) => name);
}

function passedOn(environment: object, variables: Readonly<Record<string, string>>): object {
  const entries = Object.entries(environment).map(([name, value]) => [name, value ?? variables[name]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Names of all variables the file can be given. */
export function variablesOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!))];
}

function fill(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:(\$)|\{(\w+):-([^}]*)\})/g, (_, dollar, name: string, standard: string) =>
    dollar !== undefined ? '$' : variables[name] || standard,
  );
}
