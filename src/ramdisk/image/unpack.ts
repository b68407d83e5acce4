import { pipeline } from 'node:stream/promises';
import { EulabError } from '../../errors.ts';
import { locate, start } from '../../exec.ts';
import type { Compression } from './compression.ts';

/** The compressed data cannot be unpacked: it is damaged, by what the program said. */
export class Unpackable extends EulabError {}

/**
 * What a program of the host unpacks, in pieces; undefined when the host has no such program.
 *
 * @throws Unpackable at the end when the program ended badly.
 */
export function unpackedBy(
  { tool: [program, ...args] }: Compression,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> | undefined {
  return locate(program) === undefined ? undefined : pieces(program, args, source);
}

async function* pieces(program: string, args: readonly string[], source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const child = await start({ file: program, args }, ['pipe', 'pipe', 'pipe']);
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new EulabError(`${program} was started without pipes`);
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  // A program that ends early closes its input; its status says more than that.
  const fed = pipeline(source, stdin).catch(() => undefined);
  try {
    yield* stdout;
    await fed;
    const code = await ended;
    const line = said.trim().split('\n')[0] ?? '';
    if (code !== 0) throw new Unpackable(line === '' ? `${program} ended with status ${code}` : line);
  } finally {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  }
}
