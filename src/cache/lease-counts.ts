/** What became of the claims of one node, since it started. */
export class LeaseCounts {
  /** Granted: this node filled, or found that another one just had. */
  ours = 0;
  /** Another node was at it. */
  theirs = 0;
  /** There was no lease to be had, or none was wanted. */
  alone = 0;
  /** Of those that were granted, over by now. */
  ended = 0;
  /** Fills that another node's answered. */
  shared = 0;
  /** Commands that failed. */
  failures = 0;
}
