import { systemClock } from './clock.js';
import type { PeerEvent } from './cluster/peer-line.js';
import { PeerQueue } from './cluster/peer-queue.js';
import { deliver } from './cluster/peers.js';
import type { Config } from './config/config.js';
import type { Logger } from './observe/log.js';
import type { DurableArea } from './tiers/disk-types.js';

/** Purges on their way to other regions, those of earlier runs included. */
export function openPeerQueue({ cluster, server }: Config, durable: DurableArea, log: Logger): PeerQueue {
  const { serverId } = server;
  const queue = new PeerQueue({
    peers: cluster.peers,
    serverId,
    durable,
    clock: systemClock,
    deliver: (peer, item, signal) => deliver(peer, item, serverId, signal),
    onEvent: (event) => logPeerEvent(log, event),
  });
  queue.load();
  return queue;
}

function logPeerEvent(log: Logger, event: PeerEvent): void {
  if (event.type === 'not-durable') {
    log.error({ err: event.error }, 'peers: a purge could not be kept on disk; a restart may forget it');
    return;
  }
  const { type, peer } = event;
  if (type === 'caught-up') {
    log.info(event, `peer ${peer} takes purges again`);
  } else if (type === 'folded') {
    log.warn(event, `peer ${peer} has been away for long: its purges became one of everything`);
  } else {
    const advice = type === 'refused' ? '; check its address and the key in PEER_PROXIES' : '';
    log.warn(
      event,
      `peer ${peer} does not take purges (${event.reason})${advice}; they are kept and sent again`,
    );
  }
}
