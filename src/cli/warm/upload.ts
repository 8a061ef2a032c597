import type { WarmJob } from '../../warm/job.js';
import type { WarmClient } from './client.js';

/** Addresses, and characters, of one request: the proxy takes no more addresses, and reads no larger body. */
const PART = 5000;
const PART_CHARACTERS = 1024 * 1024;

export interface Upload {
  readonly source: string;
  readonly targets: AsyncIterable<string>;
  readonly concurrency?: number | undefined;
  /** Fires: what was sent by then is the list. */
  readonly signal: AbortSignal;
  /** The job as it is while it is fed. */
  readonly onPart: (job: WarmJob) => void;
}

/**
 * Begins a job and feeds it part by part; it runs meanwhile. Resolves with it, undefined when there was nothing to send. Rejects with a
 * ProxyClientError, or with what reading the source threw; a job that was begun is then complete with what it has.
 */
export async function upload(
  client: Pick<WarmClient, 'post'>,
  options: Upload,
): Promise<WarmJob | undefined> {
  const { source, targets, concurrency, signal, onPart } = options;
  let job: WarmJob | undefined;
  const send = async (urls: readonly string[], last: boolean) => {
    const begin = concurrency === undefined ? { source } : { source, concurrency };
    job = await client.post(job === undefined ? { urls, last, ...begin } : { urls, last, append_to: job.id });
    onPart(job);
  };
  try {
    for await (const part of parts(targets, signal)) await send(part.urls, part.last);
  } catch (thrown) {
    if (job !== undefined) await client.post({ urls: [], last: true, append_to: job.id }).catch(() => {});
    throw thrown;
  }
  return job;
}

/** Parts of a list; the last one says so. None of an empty list. */
async function* parts(
  targets: AsyncIterable<string>,
  signal: AbortSignal,
): AsyncIterable<{ urls: string[]; last: boolean }> {
  let urls: string[] = [];
  let characters = 0;
  for await (const target of targets) {
    if (signal.aborted) break;
    if (urls.length > 0 && (urls.length >= PART || characters + target.length > PART_CHARACTERS)) {
      yield { urls, last: false };
      urls = [];
      characters = 0;
    }
    urls.push(target);
    characters += target.length;
  }
  if (urls.length > 0) yield { urls, last: true };
}
