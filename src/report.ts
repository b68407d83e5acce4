import type { Document } from './documents/document.ts';

/** What happens during long work, told by the one who does it to the one who shows it. */
export type Event =
  /** A new piece of work begins; `text` is a phrase such as "unpacking linux-6.6.22.tar.xz". */
  | { readonly kind: 'step'; readonly text: string }
  /** How far the current step is; `total` is undefined when nobody knows. */
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total: number | undefined;
      /** The total is only expected. */
      readonly about?: boolean;
      readonly unit: 'bytes' | 'objects' | 'checks';
      /** What is at hand, such as a file. */
      readonly now?: string;
    }
  /** One line of a program's output, kept in a log and shown only on request. */
  | { readonly kind: 'line'; readonly text: string }
  /** Something the user should know and need not act upon. */
  | { readonly kind: 'note'; readonly text: string }
  /** Something the user may want to act upon. */
  | { readonly kind: 'warning'; readonly text: string; readonly hint?: string }
  /** A machine was started; `console` is the file that gets all of its console, `pid` that of the eulab which holds it. */
  | { readonly kind: 'machine'; readonly name: string; readonly pid: number; readonly console: string }
  /** A phase of a boot began, so long after QEMU's start; as are the times below. */
  | { readonly kind: 'phase'; readonly phase: 'firmware' | 'kernel' | 'init' | 'command'; readonly atMs: number }
  /** The guest's agent answered. */
  | { readonly kind: 'ready'; readonly atMs: number }
  | { readonly kind: 'command'; readonly argv: readonly string[]; readonly atMs: number }
  | { readonly kind: 'command-end'; readonly status: number; readonly atMs: number }
  /** How a boot ended, for programs. */
  | { readonly kind: 'outcome'; readonly outcome: Document<'outcome'> };

export type Report = (event: Event) => void;
