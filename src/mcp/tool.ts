import type * as v from 'valibot';
import type { DocumentName } from '../documents/table.ts';
import type { Children, ToldEvent } from './child.ts';
import type { Confinement } from './confine.ts';
import type { Machines } from './machines.ts';

/** What a tool works with. */
export interface Work {
  readonly children: Children;
  readonly machines: Machines;
  readonly place: Confinement;
  /** Aborted when the client takes its wish back, or goes away. */
  readonly signal: AbortSignal;
  /** Tells the client how far it is. */
  readonly onEvent: (event: ToldEvent) => void;
}

/** What a tool gives: a document, or a list below a name of its own. */
export type Output = { readonly document: DocumentName; readonly below?: string };

/** A tool of the server. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: v.GenericSchema;
  readonly output: Output;
  /** It changes nothing. */
  readonly reads: boolean;
  run(input: never, work: Work): Promise<object>;
}

/** A tool, with the types of its input checked. */
export function tool<Schema extends v.GenericSchema>(
  facts: Omit<Tool, 'input' | 'run'> & {
    readonly input: Schema;
    run(input: v.InferOutput<Schema>, work: Work): Promise<object>;
  },
): Tool {
  return facts as Tool;
}
