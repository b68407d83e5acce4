import { CommandError, EulabError } from '../../errors.ts';
import { locate } from '../../exec.ts';
import { filtered } from '../../filter.ts';
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
  try {
    yield* filtered({ file: program, args }, source);
  } catch (error) {
    throw error instanceof CommandError ? new Unpackable(error.message) : error;
  }
}
