import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Places } from './folder.ts';

/** What is told of a lab, with the paths of its files as one who stands in this folder names them. */
export interface Texts {
  /** The story, what is to be predicted, and the goal. */
  readonly text: string;
  /** From a nudge to the answer. */
  readonly hints: readonly string[];
  /** What was to be learnt. */
  readonly end: string;
}

export function textsOf({ folder, lesson }: Places): Texts {
  const read = (name: string) => placed(readFileSync(join(lesson, name), 'utf8'), relative(process.cwd(), join(folder, '..')));
  return { text: read('text'), hints: read('hints').split(/^--\n/m), end: read('end') };
}

/** A text in which the folder learn/ is called by another path. Pure. */
export function placed(text: string, learn: string): string {
  return learn === 'learn' ? text : text.replaceAll(/(?<![\w/.])learn\//g, `${learn}/`);
}
