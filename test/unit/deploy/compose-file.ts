import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const COMPOSE_PATH = new URL('../../../docker-compose.redis.yml', import.meta.url).pathname;
export const COMPOSE_TEXT = readFileSync(COMPOSE_PATH, 'utf8');

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
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<
    Record<string, { readonly ipam: { readonly config: readonly Record<string, string>[] } }>
  >;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The file as Compose reads it: `${NAME:-default}` filled in from `variables`, `$$` made `$`. */
export function readCompose(variables: Readonly<Record<string, string>> = {}): ComposeFile {
  const filled = (value: unknown): unknown => {
    if (typeof value === 'string') return fill(value, variables);
    if (Array.isArray(value)) return value.map(filled);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item)]));
  };
  return filled(parse(COMPOSE_TEXT, { merge: true })) as ComposeFile;
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
