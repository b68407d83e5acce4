import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Ended, eulab, folder, leftWith, root } from '../eulab.ts';

/** One answer of a learner's, and what the check of it has to say. */
export interface Answer {
  readonly what: string;
  /** Files of the lab, by their names, with their texts. */
  readonly files?: Readonly<Record<string, string>>;
  /** What else the learner does. */
  readonly work?: (learner: Learner) => Promise<void>;
  /** What is told when it is wrong; all of them. None: it is right. */
  readonly says?: readonly (string | RegExp)[];
}

/** Somebody who works on a lab, in a folder of their own with the kernel and the ramdisk of the tests. */
export interface Learner extends Disposable {
  /** The lab's folder. */
  readonly lab: string;
  readonly call: (...words: readonly string[]) => Promise<Ended>;
  /** Of the host's, in the lab's folder. */
  readonly shell: (line: string) => void;
}

/** A learner who has begun this lab. `path` are folders in which programs are found before all others. */
export async function learner(name: string, env: Readonly<Record<string, string>> = {}): Promise<Learner> {
  const here = folder();
  symlinkSync(join(root, 'artifacts'), join(here.path, 'artifacts'));
  mkdirSync(join(here.path, 'run'), { mode: 0o700 });
  const own = { EULAB_STATE: join(here.path, 'state'), EULAB_ACCEL: 'tcg', XDG_RUNTIME_DIR: join(here.path, 'run'), ...env };
  const call = (...words: readonly string[]) => eulab(words, { cwd: here.path, env: own });
  const lab = join(here.path, 'learn', name);
  const begun = await call('learn', 'start', name);
  expect([name, begun.status]).toEqual([name, 0]);
  return {
    lab,
    call,
    shell: (line) => void execFileSync('sh', ['-ec', line], { cwd: lab, stdio: 'pipe' }),
    [Symbol.dispose]: () => here[Symbol.dispose](),
  };
}

/** A check may take no longer; a machine that is waited for in vain takes most of it. */
const longestMs = 10_000;

/** Gives each answer in turn, and expects what is told of it, in time, and that nothing is left of it. The last one has to be right. */
export async function played(name: string, answers: readonly Answer[], scale: (ms: number) => Promise<number>): Promise<void> {
  using one = await learner(name);
  for (const answer of answers) {
    for (const [file, text] of Object.entries(answer.files ?? {})) writeFileSync(join(one.lab, file), text);
    await answer.work?.(one);
    const beganMs = performance.now();
    const { status, stdout, stderr } = await one.call('learn', 'check');
    const tookMs = performance.now() - beganMs;
    const said = stdout.toString();
    const right = answer.says === undefined;
    expect([name, answer.what, status, said.includes(`${name} is done.`)], said + stderr).toEqual([
      name,
      answer.what,
      right ? 0 : 1,
      right,
    ]);
    for (const text of answer.says ?? []) expect(said).toMatch(text);
    expect(said.includes('eulab learn hint')).toBe(!right);
    expect([answer.what, tookMs < (await scale(longestMs))]).toEqual([answer.what, true]);
  }
  expect(answers.at(-1)?.says).toBeUndefined();
  const { labs } = JSON.parse((await one.call('learn', '--json')).stdout.toString());
  expect(labs.find((lab: { name: string }) => lab.name === name)).toMatchObject({ state: 'done', checks: answers.length });
  expect(await leftWith(one.lab)).toEqual([]);
}

/** Removes a file that earlier tests may have left. */
export function without(path: string): void {
  rmSync(join(root, path), { force: true });
}
