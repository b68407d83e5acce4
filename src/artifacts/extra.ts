import { link, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Report } from '../report.ts';
import { lock } from './lock.ts';
import { lockName } from './manifest.ts';
import { manifestOf, stage } from './store.ts';

/** What was made on request and is part of no kernel: a path below artifacts/, and how to put it there. */
export interface Extra {
  readonly path: string;
  readonly put: (file: string) => Promise<unknown>;
  /** What it was made from. */
  readonly inputs: string;
}

/**
 * Puts files into artifacts/ beside those that were put there before, and into the manifest that `eulab clean extra` goes by.
 *
 * @throws EulabError as `unwritable` says.
 */
export async function addExtra(
  artifacts: string,
  extras: readonly Extra[],
  { command, report, signal }: { readonly command: string; readonly report: Report; readonly signal: AbortSignal },
): Promise<void> {
  await using _lock = await lock(join(artifacts, lockName('extra')), command, { signal, report });
  const earlier = await manifestOf(artifacts, 'extra');
  await using staging = await stage(artifacts, 'extra');
  const place = async (path: string) => {
    const file = join(staging.folder, path);
    await mkdir(dirname(file), { recursive: true });
    return file;
  };
  const inputs: Record<string, string> = {};
  for (const { path, put, inputs: from } of extras) {
    await put(await place(path));
    inputs[path] = from;
  }
  const kept = (earlier?.files ?? []).filter(({ path }) => inputs[path] === undefined);
  for (const record of kept) {
    // One that is gone, or that somebody changed, is no longer ours.
    const { path } = record;
    if ((await link(join(artifacts, path), await place(path)).catch(() => 'gone')) === 'gone') continue;
    inputs[path] = earlier?.inputs[path] ?? '';
  }
  await staging.commit({ key: 'extra', inputs, command }, kept);
}
