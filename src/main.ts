#!/usr/bin/env node
import cluster from 'node:cluster';

// A worker process of a node runs the same file; it has no command line of its own.
if (cluster.isWorker) {
  const { runWorker } = await import('./worker.js');
  await runWorker();
} else {
  const { runCommand } = await import('./cli.js');
  await runCommand(process.argv);
}
