/** What a command line names; the body of `POST /cache/purge`. */
export interface PurgeBody {
  readonly keys?: readonly string[];
  readonly urls?: readonly string[];
  readonly tags?: readonly string[];
  readonly prefix?: string;
  readonly class?: string;
  readonly soft?: true;
}

export interface PurgeArguments {
  readonly tag?: readonly string[];
  readonly prefix?: string;
  readonly class?: string;
  readonly soft?: true;
}

/** A key as `/cache/keys` shows it. */
const KEY = /^v\d+:[a-z]+:\//;
/** A path, a URL, a host with a path: what `/cache/purge` takes as an address. */
const ADDRESS = /^(?:\/|https?:\/\/|[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d+)?\/)/i;
/** `movie:550`: somebody meant `--tag`. */
const TAG = /^[a-z_]+:\S+$/i;

/**
 * What to send for what was written. A string instead: what is wrong with it. A thing that is neither a key nor an address is
 * refused rather than sent as a key that nothing has: such a purge would be reported as done.
 */
export function purgeSelection(things: readonly string[], options: PurgeArguments): PurgeBody | string {
  const keys = things.filter((thing) => KEY.test(thing));
  const urls = things.filter((thing) => !KEY.test(thing) && ADDRESS.test(thing));
  const strange = things.find((thing) => !KEY.test(thing) && !ADDRESS.test(thing));
  if (strange !== undefined) return whatIsWrong(strange);
  const { tag = [], prefix, class: of, soft } = options;
  return {
    ...(keys.length > 0 && { keys }),
    ...(urls.length > 0 && { urls }),
    ...(tag.length > 0 && { tags: tag }),
    ...(prefix !== undefined && { prefix }),
    ...(of !== undefined && { class: of }),
    ...(soft === true && { soft }),
  };
}

/** Whether anything is named at all. */
export function isEmpty({ soft: _, ...selectors }: PurgeBody): boolean {
  return Object.keys(selectors).length === 0;
}

function whatIsWrong(thing: string): string {
  const shown = JSON.stringify(thing.slice(0, 100));
  if (TAG.test(thing)) return `${shown} looks like a tag: give it with --tag`;
  return `${shown} is neither a key (as search shows it), nor a path like /3/movie/550, nor an address`;
}
