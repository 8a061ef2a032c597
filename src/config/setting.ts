import type { Kind } from './kind.js';

/** `all`: the value is a secret. `login`: it is an address that may hold one. Both may come from `NAME_FILE`. */
export type Secrecy = 'all' | 'login' | 'none';

/** One variable of CONTRACT.md: everything that is known about it, for reading, printing and documenting alike. */
export interface Setting<T = unknown, D extends string | undefined = string | undefined> {
  readonly kind: Kind<T>;
  /** As one would write it; undefined when unset means something of its own. */
  readonly default: D;
  /** What holds when it is unset and there is no fixed default. */
  readonly whenUnset: string | undefined;
  /** Names that older installations use. */
  readonly aliases: readonly string[];
  readonly secret: Secrecy;
  /** May change on SIGHUP without a restart. */
  readonly reloadable: boolean;
  /** One sentence for the documentation. */
  readonly meaning: string;
  /** Shown with the value when it was set: what is made of it, where that is not what one expects. */
  readonly remark: string | undefined;
}

interface SettingOptions<T> {
  readonly kind: Kind<T>;
  readonly meaning: string;
  readonly aliases?: readonly string[];
  readonly secret?: Secrecy;
  readonly reloadable?: boolean;
  readonly remark?: string;
}

function build<T, D extends string | undefined>(
  options: SettingOptions<T>,
  value: D,
  whenUnset: string | undefined,
): Setting<T, D> {
  return {
    kind: options.kind,
    default: value,
    whenUnset,
    aliases: options.aliases ?? [],
    secret: options.secret ?? 'none',
    reloadable: options.reloadable ?? false,
    meaning: options.meaning,
    remark: options.remark,
  };
}

/** A variable that always has a value. */
export function setting<T>(options: SettingOptions<T> & { readonly default: string }): Setting<T, string> {
  return build(options, options.default, undefined);
}

/** A variable that may have none; `whenUnset` completes "when unset: …". */
export function optional<T>(
  options: SettingOptions<T> & { readonly whenUnset: string },
): Setting<T, undefined> {
  return build(options, undefined, options.whenUnset);
}

export type ValueOf<S> = S extends Setting<infer T, infer D> ? (D extends string ? T : T | undefined) : never;
