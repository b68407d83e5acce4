/** The exit statuses of eulab, as docs/reference/README.md has them. A guest command's own status is passed through. */
export const status = {
  done: 0,
  /** The work failed: a build, a check. */
  failed: 1,
  /** An option, a value, the command line. */
  usage: 2,
  /** The host is not ready: a tool, a privilege, a device is missing. */
  notReady: 3,
  /** The time limit ended it, as timeout(1) says it. */
  timeout: 124,
  /** `boot -- COMMAND`: eulab or QEMU failed before the command's status was known, as docker-run(1) says it. */
  unknown: 125,
  /** `boot -- COMMAND`: the guest kernel panicked or died. */
  guestDied: 255,
} as const;

/** The lines of `eulab doctor`, by name. */
export type Check =
  | ('qemu' | 'kvm' | 'memory' | 'runtime' | 'toolchain' | 'ccache' | 'sources' | 'artifacts' | 'cache' | 'temporary')
  | ('podman' | 'docker' | 'buildah' | 'compose')
  | ('disks' | 'namespaces' | 'tun' | 'bridge' | 'helper' | 'rules' | 'net-tools' | 'lab' | 'vsock' | 'gdb');

/** The facts of an error that are not its message. */
export interface ErrorFacts {
  /** What the user can do, best a command to paste. */
  readonly hint?: string | undefined;
  /** The one command that mends it, and nothing else; with sudo where it takes root. */
  readonly remedy?: string | undefined;
  /** The line of `eulab doctor` that looks at what was missing. */
  readonly check?: Check | undefined;
  /** Lines that prove it, such as the last ones of a console or a log; shown between the message and the hint. */
  readonly details?: readonly string[];
  /** One of `status`; 1 unless given. */
  readonly exitCode?: number;
  readonly cause?: unknown;
}

/** What a user is told: the message says what is wrong, with the file or option and its value; the hint what to do. */
export class EulabError extends Error {
  readonly hint: string | undefined;
  readonly remedy: string | undefined;
  readonly check: Check | undefined;
  readonly details: readonly string[];
  readonly exitCode: number;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, 'cause' in facts ? { cause: facts.cause } : undefined);
    this.name = new.target.name;
    this.hint = facts.hint;
    this.remedy = facts.remedy;
    this.check = facts.check;
    this.details = facts.details ?? [];
    this.exitCode = facts.exitCode ?? status.failed;
  }
}

/** A program that we ran ended badly; `shown` is its call, fit to paste, `code` its status (undefined: by a signal). */
export class CommandError extends EulabError {
  readonly shown: string;
  readonly code: number | undefined;
  readonly stderr: string;

  constructor(message: string, call: { shown: string; code: number | undefined; stderr: string }, facts: ErrorFacts = {}) {
    super(message, facts);
    this.shown = call.shown;
    this.code = call.code;
    this.stderr = call.stderr;
  }
}

/** The signals by which a user ends what we do. @see signal(7) */
export const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

export type Signal = keyof typeof signalNumbers;

/** The error of a run that a signal ended. */
export class Interrupted extends EulabError {
  constructor(signal: Signal) {
    super(`ended by ${signal}`, { exitCode: 128 + signalNumbers[signal] });
  }
}

/** True for the errors of node:fs, whose `code` is an errno name such as ENOENT. */
export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
