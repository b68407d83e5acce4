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
  | { readonly kind: 'warning'; readonly text: string; readonly hint?: string };

export type Report = (event: Event) => void;
