/**
 * How every command ends, and the only numbers it ends with. `configuration` is sysexits' EX_CONFIG, `interrupted` and `unread` what a shell
 * makes of SIGINT and SIGPIPE.
 */
export const EXIT = {
  ok: 0,
  /** What was asked for was not done, or only in part. */
  failed: 1,
  /** The command line cannot be understood; nothing was tried. */
  usage: 2,
  configuration: 78,
  interrupted: 130,
  /** Nobody read the output to its end. */
  unread: 141,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command. `message` is for people, says what to do, and holds no secret. */
export class CommandError extends Error {
  readonly status: ExitStatus;

  constructor(message: string, status: ExitStatus = EXIT.failed) {
    super(message);
    this.name = 'CommandError';
    this.status = status;
  }
}
