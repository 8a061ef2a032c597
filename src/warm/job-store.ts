import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './files.js';
import { type JobRecord, recordOf } from './job-record.js';
import { TargetsFile } from './targets-file.js';

const RECORD = /^([a-z0-9]{1,40})\.json$/;
/** `.tmp`: of a write that was cut off. */
const LEFT_OVER = /\.tmp$|\.targets$/;

/** Jobs on disk: `<id>.json` and the list `<id>.targets`. One process writes them, the core. */
export class JobStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Every job there is, the oldest first. What is no job is removed, and told to `onDamaged` by its file's name. Rejects when a file
   * can't be read (another user's, say): it may be whole.
   */
  async load(onDamaged: (name: string) => void): Promise<JobRecord[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const records: JobRecord[] = [];
    for (const name of names) {
      const id = RECORD.exec(name)?.[1];
      if (id === undefined || name === 'hot.json') continue;
      const record = await this.#read(id);
      if (record !== undefined) records.push(record);
      else {
        onDamaged(name);
        await this.remove(id);
      }
    }
    await this.#tidy(names, new Set(records.map(({ id }) => `${id}.targets`)));
    return records.sort((a, b) => a.created - b.created);
  }

  save(record: JobRecord): Promise<void> {
    return replaceFile(this.#path(record.id), JSON.stringify(record));
  }

  list(id: string): TargetsFile {
    return new TargetsFile(join(this.#directory, `${id}.targets`));
  }

  async remove(id: string): Promise<void> {
    await Promise.all([rm(this.#path(id), { force: true }), this.list(id).remove()]);
  }

  async #read(id: string): Promise<JobRecord | undefined> {
    const text = await readFile(this.#path(id), 'utf8');
    const record = recordOf(text);
    if (record?.id !== id) return undefined;
    // A list that is not there any more, or too short, shows when it is read.
    await this.list(id)
      .trim(record.bytes)
      .catch(() => {});
    return record;
  }

  async #tidy(names: readonly string[], kept: ReadonlySet<string>): Promise<void> {
    const old = names.filter((name) => LEFT_OVER.test(name) && !kept.has(name));
    await Promise.all(old.map((name) => rm(join(this.#directory, name), { force: true })));
  }

  #path(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}
