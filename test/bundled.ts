import { join, resolve } from 'node:path';
import { build } from 'rolldown';
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
    plugins: [{ name: 'text', load: (id) => ('text' in program && resolve(id) === entry ? program.text : null) }],
    output: { file, format: 'esm', codeSplitting: false },
  });
}
