#!/usr/bin/env node
import cluster from 'node:cluster';
import module from 'node:module';
import { collectInSteps } from './collect-in-steps.js';
import { obeySignals } from './first-process.js';

if (process.pid === 1) obeySignals();
collectInSteps();
// Node 22.8 and later keep compiled code between starts, and workers use what the core has just compiled.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

// A worker process of a node runs the same file; it has no command line of its own.
if (cluster.isWorker) {
  const { runWorker } = await import('./worker.js');
  await runWorker();
} else {
  const { runCommand } = await import('./cli.js');
  await runCommand(process.argv);
}
