import type { KernelRequest } from './wish.ts';

/** How targets are made, beyond the kernel that they are made for. */
export interface TargetRequest extends KernelRequest {
  /** True when the options say which kernel; else a module is built for the one in use. */
  readonly said: boolean;
  /** Told what make and its programs say, line by line. */
  readonly say: (line: string) => void;
  /** Lends the terminal to a program: ctrl-C is then for that one alone. `signal` ends the program. */
  readonly lend: () => Disposable & { readonly signal: AbortSignal };
}
