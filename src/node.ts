import { Brake } from './admin/brake.js';
import { systemClock } from './clock.js';
import { openCore } from './compose-core.js';
import { startMany } from './node-processes.js';
import { type NodeOptions, type RunningNode, reload } from './running-node.js';
import { listen } from './serve.js';

/** Starts one process or a core with workers, as `WORKERS` says. Rejects when it can't serve. */
export function startNode(options: NodeOptions): Promise<RunningNode> {
  return options.config.server.workers > 1 ? startMany(options) : startAlone(options);
}

async function startAlone(options: NodeOptions): Promise<RunningNode> {
  let draining = false;
  const core = await openCore({ ...options, alone: true, workers: () => [], draining: () => draining });
  const { config, live, log } = options;
  try {
    const serving = core.serving!;
    const listening = await listen({
      config,
      live,
      log,
      serving,
      management: core.management,
      brake: new Brake(systemClock),
    });
    core.jobs.answers(serving.member);
    return {
      addresses: listening.addresses,
      reload: () => reload(core, log),
      stop: async () => {
        draining = true;
        await core.jobs.closing();
        await listening.drain();
        await core.close();
      },
      abandon: () => {},
    };
  } catch (error) {
    await core.close();
    throw error;
  }
}
