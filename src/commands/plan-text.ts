import { type Command, show } from '../command.ts';
import { type Document, documentText } from '../documents/document.ts';

/** What would be run, for people to paste, or for programs. Pure. */
export function planText(verb: string, commands: readonly Command[], json: boolean): string {
  if (json) return documentText('plan', { schema: 1, verb, steps: commands.map(callFacts) });
  return commands.map((command) => `${show(command)}\n`).join('');
}

/** A call, as programs are told of it. Pure. */
export function callFacts(command: Command): Document<'plan'>['steps'][number] {
  const { file, args, env = {}, cwd = null, root = false } = command;
  return { file, args, env, folder: cwd, root, shell: show(command) };
}
