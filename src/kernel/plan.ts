import type { Job, Mount } from '../container/engine.ts';
import type { Profile } from './profile.ts';

/** The folders and choices of one kernel build; every path is absolute. */
export interface KernelBuild {
  readonly source: string;
  /** Object folder, kept between builds. */
  readonly objects: string;
  /** Gets the finished files. */
  readonly out: string;
  readonly ccache: string;
  readonly profile: Profile;
  /** The config fragment with all that is asked for, inside `objects`. */
  readonly fragment: string;
  /** Undefined for one a CPU. */
  readonly jobs: number | undefined;
  /** Seconds since 1970 that the kernel shows as its build date. @see reproducible-builds.org/specs/source-date-epoch */
  readonly epoch: number;
}

/** The two jobs of a kernel build: settle the config, then compile it. Pure. */
export function jobs(build: KernelBuild): { readonly configure: Job; readonly compile: Job } {
  const env = {
    SRC: build.source,
    OBJ: build.objects,
    OUT: build.out,
    BASE: build.profile.base,
    FRAGMENT: build.fragment,
    JOBS: build.jobs === undefined ? '' : String(build.jobs),
    CCACHE_DIR: build.ccache,
    SOURCE_DATE_EPOCH: String(build.epoch),
  };
  const mounts: Mount[] = [
    { path: build.source, writable: false },
    { path: build.objects, writable: true },
    { path: build.out, writable: true },
    { path: build.ccache, writable: true },
  ];
  const job = (step: string): Job => ({
    script: 'utils/kernel/build',
    dockerfile: 'Dockerfile.kernel',
    env: { ...env, STEP: step },
    mounts,
  });
  return { configure: job('config'), compile: job('build') };
}

/** The first error of a compiler or of make in a build's log, with the lines that explain it; the end when there is none. */
export function firstError(log: readonly string[]): string[] {
  const at = log.findIndex((line) =>
    /(^|\s)(fatal )?error:|undefined reference|\*\*\* (?!\[)|No space left on device/i.test(line),
  );
  return at < 0 ? log.slice(-8) : log.slice(at, at + 8);
}
