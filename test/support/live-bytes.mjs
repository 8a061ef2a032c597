// Loaded into the proxy before anything else (--import): on SIGWINCH, which means nothing to it, it collects what is garbage and writes
// how many bytes are left, of its heap and beside it, to a file of LIVE_BYTES that is named after the process.
import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

process.on('SIGWINCH', () => {
  collect();
  // Buffers that the first has found to be garbage count as external until they are swept, beside the program; the next waits for that.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  const file = `${process.env.LIVE_BYTES}/${process.pid}`;
  writeFileSync(`${file}.part`, String(heapUsed + external));
  renameSync(`${file}.part`, file);
});
