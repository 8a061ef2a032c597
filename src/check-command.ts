/** `tmdb-cache-proxy check`: `args` are what follows it on the command line. */
export async function check(_args: readonly string[]): Promise<void> {
  process.stderr.write('tmdb-cache-proxy: this version has no "check" yet\n');
  process.exitCode = 1;
}
