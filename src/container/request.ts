import type { ArchName } from '../architectures.ts';
import type { EngineName } from '../engine-names.ts';
import type { Report } from '../report.ts';
import type { Workspace } from '../workspace.ts';

/** What every build is asked with, whatever it builds. */
export interface BuildRequest {
  readonly workspace: Workspace;
  readonly engine: EngineName;
  /** What it is built for. */
  readonly arch: ArchName;
  /** The container image to start from; undefined to find one. */
  readonly baseImage: string | undefined;
  /** Parallel jobs; undefined for one a CPU. */
  readonly jobs: number | undefined;
  /** False: without the compiler cache, which costs time when it is to be empty anyway. */
  readonly ccache?: false;
  /** Build even when nothing has changed. */
  readonly force: boolean;
  /** The date of everything that is made, in seconds since 1970. @see reproducible-builds.org/specs/source-date-epoch */
  readonly epoch: number;
  /** The call of eulab that asks for this, for the manifest. */
  readonly command: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}
