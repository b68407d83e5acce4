import { Refused, Unreachable } from './http.ts';
import { recall, remember } from './records.ts';
import type { Fetching, Source } from './source.ts';
import type { Program } from './tree.ts';

/** The two ways to a source that `auto` tries. */
export interface Ways {
  readonly program: Program;
  /** Names the wish in the cache: another mirror is another wish. */
  readonly wish: string;
  /** The first way's site, for the note. */
  readonly site: string;
  readonly first: (fetching: Fetching) => Promise<Source>;
  readonly second: (fetching: Fetching) => Promise<Source>;
}

/** How long a site has to answer when there is another way. */
const connectMs = 4000;
/** The newest release is asked for once a day, so that two builds of one day are builds of one source. */
const goodForMs = 86_400_000;
/** How long a site that did not answer is left alone. */
const retryAfterMs = 3_600_000;

/**
 * The source of the first way or, when its site does not answer, an older answer of it, or the second way's; a note says
 * so, and why. A wrong checksum, a bad signature or a cut download is an error, as it is without `auto`.
 */
export async function automatic({ program, wish, site, first, second }: Ways, fetching: Fetching): Promise<Source> {
  const { cache, limits, report } = fetching;
  const known = await recall(cache, program, wish);
  const age = Date.now() - (known?.at ?? 0);
  if (known !== undefined && age < (known.note === undefined ? goodForMs : retryAfterMs)) {
    if (known.note !== undefined) report({ kind: 'note', text: known.note });
    return known.source;
  }
  let why: string;
  try {
    const hasty = { ...fetching, limits: { ...limits, connectMs: Math.min(limits.connectMs, connectMs) } };
    return await remember(cache, program, wish, await first(hasty));
  } catch (error) {
    if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
    why = `${site} cannot be reached (${error instanceof Unreachable ? error.reason : `HTTP status ${error.code}`})`;
  }
  if (known !== undefined) {
    const note = `${why}: using ${known.source.origin} from the cache`;
    report({ kind: 'note', text: note });
    return remember(cache, program, wish, known.source, note);
  }
  report({ kind: 'note', text: `${why}: using Debian's package` });
  const source = await second(fetching);
  return remember(cache, program, wish, source, `${why}: using ${source.origin}`);
}
