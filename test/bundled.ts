import { join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { root } from './eulab.ts';

/**
 * Writes a TypeScript program to `file`, with all that it imports, as Node runs it: a file of it, or its text, whose imports are
 * relative to the project's folder.
 */
export async function bundled(program: { readonly path: string } | { readonly text: string }, file: string): Promise<void> {
  const entry = 'path' in program ? program.path : join(root, 'program.ts');
  await build({
    input: entry,
    platform: 'node',
    transform: { target: 'node20.19' },
    logLevel: 'silent',
    plugins: 'text' in program ? [virtual(entry, program.text)] : [],
    output: { file, format: 'esm', codeSplitting: false },
  });
}

/** A file that is not there, with its text. */
function virtual(path: string, text: string): Plugin {
  return {
    name: 'virtual',
    resolveId: (id) => (id === path ? id : null),
    load: (id) => (id === path ? text : null),
  };
}
