import { statSync } from 'node:fs';
import { EulabError, status } from '../../errors.ts';
import { probe } from '../../exec.ts';
import { known } from '../../known.ts';
import { cpuHelp, machineHelp, versionOf } from './qemu-help.ts';

/** What a QEMU can do, as it says itself; asked once and kept in the cache until the program's file changes. */
export interface QemuFacts {
  version(): Promise<readonly [number, number]>;
  machines(): Promise<readonly string[]>;
  /** The CPU models, and the features that can be added to them or taken away. */
  cpus(): Promise<{ readonly models: readonly string[]; readonly features: readonly string[] }>;
}

/** The answers of one QEMU, by question. */
type Answers = Record<string, string>;

/**
 * The facts of the QEMU at `path`. Each question costs some 50 ms the first time, and a file read later.
 *
 * @throws EulabError (3) from each when the program does not answer as QEMU does.
 */
export function qemuFacts(path: string, cache: string, signal?: AbortSignal): QemuFacts {
  const kept = known<Answers>(cache, 'qemu', 1);
  const { size, mtimeMs } = statSync(path);
  const identity = [path, size, mtimeMs].join(' ');
  let answers = kept.recall(identity) ?? {};
  const ask = async (...args: string[]) => {
    const question = args.join(' ');
    const known = answers[question];
    if (known !== undefined) return known;
    const outcome = await probe({ file: path, args, env: { LC_ALL: 'C' } }, { signal, timeoutMs: 10_000 });
    if (outcome.code !== 0 || outcome.stdout === '') throw noQemu(path, question);
    answers = { ...kept.recall(identity), ...answers, [question]: outcome.stdout };
    kept.remember(identity, answers);
    return outcome.stdout;
  };
  return {
    version: async () => versionOf(await ask('-version')) ?? Promise.reject(noQemu(path, '-version')),
    machines: async () => machineHelp(await ask('-machine', 'help')),
    cpus: async () => cpuHelp(await ask('-cpu', 'help')),
  };
}

function noQemu(path: string, question: string): EulabError {
  return new EulabError(`${path} is no QEMU that works: it does not answer ${question}`, {
    hint: 'name another with --qemu',
    check: 'qemu',
    exitCode: status.notReady,
  });
}
