import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Source } from './source.ts';
import { inspectTree, type Program } from './tree.ts';

/** What a wish was answered with, and when. */
export interface Answer {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly source: Source;
  /** What the user was told with it. */
  readonly note?: string | undefined;
}

/**
 * The answer that was given to a wish before; undefined when there is none, or when its tree is not whole any more.
 *
 * With it a second build needs neither the network nor a checksum over a large file.
 */
export async function recall(cache: string, program: Program, wish: string): Promise<Answer | undefined> {
  const answer = await parsed(place(cache, program, wish));
  if (answer === undefined) return undefined;
  const tree = await inspectTree(answer.source.folder, program);
  return 'version' in tree && tree.version === answer.source.version ? answer : undefined;
}

/** The source, kept as the answer to a wish from now on. */
export async function remember(cache: string, program: Program, wish: string, source: Source, note?: string): Promise<Source> {
  const file = place(cache, program, wish);
  await mkdir(join(cache, 'sources', 'known'), { recursive: true });
  const whole = `${file}.${randomBytes(4).toString('hex')}`;
  await writeFile(whole, JSON.stringify({ wish, at: Date.now(), source, note } satisfies Answer & { wish: string }));
  await rename(whole, file);
  return source;
}

/** Undefined when there is no such file, or a power cut has emptied it. */
async function parsed(file: string): Promise<Answer | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Answer;
  } catch {
    return undefined;
  }
}

function place(cache: string, program: Program, wish: string): string {
  const key = createHash('sha256').update(`${program} ${wish}`).digest('hex').slice(0, 24);
  return join(cache, 'sources', 'known', `${key}.json`);
}
