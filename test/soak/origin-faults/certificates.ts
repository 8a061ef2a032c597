import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of its own, made by openssl in a temporary folder. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-ca-'));

  constructor() {
    this.#run(
      'req',
      '-x509',
      ...KEY,
      '-days',
      '2',
      '-subj',
      '/CN=soak',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
    );
  }

  /** For NODE_EXTRA_CA_CERTS. */
  get path(): string {
    return join(this.#folder, 'ca.pem');
  }

  /** @param days for how long it is valid; -1: it was until yesterday */
  issue(name: string, days = 2): Certificate {
    const file = `${name}${days}`;
    this.#run(
      'req',
      ...KEY,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}`,
      '-keyout',
      `${file}.key`,
      '-out',
      `${file}.csr`,
    );
    const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
    this.#run('x509', '-req', '-in', `${file}.csr`, ...by, '-days', String(days), '-out', `${file}.pem`);
    return { key: this.#read(`${file}.key`), cert: this.#read(`${file}.pem`) };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read(file: string): string {
    return readFileSync(join(this.#folder, file), 'utf8');
  }

  #run(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
