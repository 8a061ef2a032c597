/** `tmdb-cache-proxy keys`: `args` are what follows it on the command line. */
export async function keys(_args: readonly string[]): Promise<void> {
  process.stderr.write('tmdb-cache-proxy: this version has no "keys" yet\n');
  process.exitCode = 1;
}
