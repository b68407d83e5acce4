import { targets } from '../kernel/target-words.ts';
import { makeTargets } from '../kernel/targets.ts';
import type { KernelRequest } from '../kernel/wish.ts';
import type { Report } from '../report.ts';
import { ui } from '../ui.ts';

/** `eulab build kernel -- TARGET...`: what make says of a module goes to stderr, of other targets to stdout. */
export async function makeTargetsOf(
  words: readonly string[],
  facts: { readonly request: (report: Report) => KernelRequest; readonly said: boolean; readonly verbose: boolean },
): Promise<void> {
  const wanted = targets(words);
  using display = await ui({ verbose: facts.verbose });
  const stream = wanted.module === undefined ? process.stdout : process.stderr;
  const say = (line: string) => {
    if (!facts.verbose) display.print(line, stream);
  };
  await makeTargets({ ...facts.request(display.report), said: facts.said, say }, wanted);
}
