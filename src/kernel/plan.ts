import type { ArchName, Toolchain } from '../architectures.ts';
import type { Job, Mount } from '../container/engine.ts';
import type { Profile } from './profile.ts';

/** The folders and choices of one kernel build; every path is absolute. */
export interface KernelBuild {
  readonly source: string;
  /** Object folder, kept between builds. */
  readonly objects: string;
  /** Undefined to do without. */
  readonly ccache: string | undefined;
  readonly profile: Profile;
  readonly arch: ArchName;
  readonly toolchain: Toolchain;
  /** The config fragment with all that is asked for, inside `objects`. */
  readonly fragment: string;
  /** Undefined for one a CPU. */
  readonly jobs: number | undefined;
  /** Seconds since 1970 that the kernel shows as its build date. @see reproducible-builds.org/specs/source-date-epoch */
  readonly epoch: number;
}

/** The jobs of a kernel build. */
export interface KernelJobs {
  /** Settles the config. */
  readonly configure: Job;
  readonly compile: Job;
  /** Puts what came of it into `out`, which needs no compiler. */
  readonly collect: Job;
  /** Makes the targets that are written in the object folder. */
  readonly target: Job;
  /** Writes into the object folder what of its config is no default. */
  readonly minimal: Job;
}

/** What eulab itself writes into an object folder, for utils/kernel/build and make. */
const ownFiles = '^(?:\\.config$|eulab\\.(?:config|targets)$|eulab\\.external/)';
/** What only the next build has a use for, and makes most of the folder. */
const intermediate = '(\\.[oa]|\\.dwo|\\.tmp_.*|/boot/(compressed/)?vmlinux[^/]*)$';

/** The jobs of a kernel build. Pure. */
export function jobs(build: KernelBuild & { readonly out?: string }): KernelJobs {
  const env = {
    SRC: build.source,
    OBJ: build.objects,
    MACHINE: build.arch,
    TOOLCHAIN: build.toolchain,
    BASE: build.profile.base,
    FRAGMENT: build.fragment,
    JOBS: build.jobs === undefined ? '' : String(build.jobs),
    CCACHE_DIR: build.ccache ?? '',
    SOURCE_DATE_EPOCH: String(build.epoch),
  };
  const mounts: Mount[] = [
    { path: build.source, writable: false, copy: 'kept' },
    { path: build.objects, writable: true, copy: 'kept', sent: ownFiles, left: intermediate },
    ...(build.ccache === undefined ? [] : [{ path: build.ccache, writable: true, copy: 'stays' } as const]),
  ];
  const job = (step: string): Job => ({
    script: 'utils/kernel/build',
    dockerfile: 'Dockerfile.kernel',
    env: { ...env, STEP: step },
    mounts,
  });
  const collect = job('collect');
  return {
    configure: job('config'),
    compile: job('build'),
    collect: { ...collect, env: { ...collect.env, OUT: build.out ?? '' } },
    target: job('target'),
    minimal: job('minimal'),
  };
}

/** The first error of a compiler or of make in a build's log, with the lines that explain it; the end when there is none. */
export function firstError(log: readonly string[]): string[] {
  const at = log.findIndex((line) =>
    /(^|\s)(fatal )?error:|undefined reference|\*\*\* (?!\[)|No space left on device/i.test(line),
  );
  return at < 0 ? log.slice(-8) : log.slice(at, at + 8);
}

/** What a line of kbuild's says that is made: "init/main.o" of "  CC      init/main.o". Pure. */
export function objectOf(line: string): string {
  return /^\s+\S+(?: \[M\])?\s+(.*)$/.exec(line)?.[1] ?? '';
}

/** True when the disk was full. Pure. */
export function isFull(error: readonly string[]): boolean {
  return error.some((line) => line.includes('No space left on device'));
}

/**
 * What ccache found, by its log of events: "ccache had 571 of 572 objects (99 %)"; undefined when it was asked for none. Empty
 * programs, with which kbuild tries the compiler's options, are no objects. Pure.
 *
 * @see ccache(1), CCACHE_STATSLOG
 */
export function hits(statsLog: string): string | undefined {
  const calls = statsLog.split(/^# /m).filter((call) => !/^(?:\/dev\/null|-|)\n/.test(call));
  const count = (...events: readonly string[]) => {
    return calls.flatMap((call) => call.split('\n')).filter((line) => events.includes(line)).length;
  };
  const hit = count('direct_cache_hit', 'preprocessed_cache_hit');
  const all = hit + count('cache_miss');
  return all === 0 ? undefined : `ccache had ${hit} of ${all} objects (${Math.floor((100 * hit) / all)} %)`;
}
