/** `tmdb-cache-proxy warm`: `args` are what follows it on the command line. */
export async function warm(_args: readonly string[]): Promise<void> {
  process.stderr.write('tmdb-cache-proxy: this version has no "warm" yet\n');
  process.exitCode = 1;
}
