import type { BuildRequest } from '../container/request.ts';
import type { WantedCompression } from '../ramdisk-values.ts';
import type { Sites } from '../source/source.ts';
import type { Wish } from './additions/layer.ts';
import type { Abilities } from './compression.ts';

/** A ramdisk as the user asked for it. */
export interface RamdiskRequest extends BuildRequest {
  /** What is to be in it beside what every guest has. */
  readonly wish: Wish;
  /** The usual one unless given. */
  readonly compression: WantedCompression | undefined;
  readonly able: Abilities;
  /** Of busybox. */
  readonly source: string;
  /** Where the source is fetched from, where it is not the usual site. */
  readonly sites: Partial<Sites>;
  /** A ready program instead of a source. */
  readonly busybox: string | undefined;
}
