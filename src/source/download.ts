import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest, fileDigest } from '../digest.ts';
import { EulabError, isErrno } from '../errors.ts';
import { get, type Reply, reasonOf } from './http.ts';
import { claimPart, type Part, type Validator } from './part.ts';
import type { Fetching } from './source.ts';

/** A file on the network that is known before it is fetched. */
export interface Download {
  readonly url: string;
  /** In lower case. */
  readonly sha256: string;
  /** Its name in the cache. */
  readonly name: string;
}

/**
 * The path of a file in the cache, fetched if it is not there: `downloads/SHA256/NAME`.
 *
 * It stands there only when its checksum is right. What a cut connection leaves is continued by the next call (Range with
 * If-Range), unless the server has another file by now or does not continue.
 *
 * @throws Unreachable, Refused as `get`; EulabError when the connection is cut, when the checksum is wrong (then nothing
 * of it is kept), when it is not in the cache and `offline` is set, or when the disk is full.
 */
export async function download(wanted: Download, fetching: Fetching): Promise<string> {
  const folder = join(fetching.cache, 'downloads');
  const place = join(folder, wanted.sha256, wanted.name);
  if ((await stat(place).catch(() => undefined))?.isFile()) return place;
  if (fetching.offline) throw new EulabError(`${wanted.url} is not in the cache`, { hint: 'run it once with the network' });
  fetching.report({ kind: 'step', text: `downloading ${wanted.url}` });
  const key = digest(`${wanted.url} ${wanted.sha256}`).slice(0, 12);
  await using part = await claimPart(folder, `${wanted.name}-${key}`);
  await fill(part, wanted, fetching);
  const actual = await fileDigest(part.file, fetching.signal);
  if (actual !== wanted.sha256) {
    await part.discard();
    throw new EulabError(`${wanted.url} has the wrong checksum`, {
      details: [`expected sha256 ${wanted.sha256}`, `actual   sha256 ${actual}`],
      hint: 'nothing of it was kept; try again, or another mirror',
    });
  }
  await part.keep(place);
  return place;
}

async function fill(part: Part, { url }: Download, fetching: Fetching): Promise<void> {
  const validator = await part.validator();
  let have = validator === undefined ? 0 : await part.size();
  const reply = await get(url, fetching, { headers: continuation(validator, have), accept: [416] });
  const range = contentRange(reply.headers);
  if (reply.status === 416) {
    await drop(reply);
    // Asked for what follows the last byte of a whole file: its checksum will tell.
    if (have > 0 && range?.total === have) return;
    await part.discard();
    throw new EulabError(`${url}: the server cannot continue a download of ${have} bytes`, {
      hint: 'run it again: it begins anew',
    });
  }
  if (reply.status === 206 && range?.start !== have) {
    await drop(reply);
    throw new EulabError(`${url}: the server sent another part of the file than was asked for`);
  }
  if (reply.status !== 206) {
    have = 0;
    await part.restart({
      url,
      etag: reply.headers.get('etag') ?? undefined,
      lastModified: reply.headers.get('last-modified') ?? undefined,
    });
  }
  const length = reply.headers.get('content-length');
  await append(part, url, reply, { have, total: length === null ? range?.total : have + Number(length) }, fetching);
}

async function append(
  part: Part,
  url: string,
  reply: Reply,
  { have, total }: { readonly have: number; readonly total: number | undefined },
  { report, limits, signal }: Fetching,
): Promise<void> {
  let done = have;
  let reason = 'the connection was cut';
  await using file = await open(part.file, 'a');
  report({ kind: 'progress', done, total, unit: 'bytes' });
  try {
    for await (const chunk of reply.body) {
      await file.appendFile(chunk);
      done += chunk.length;
      report({ kind: 'progress', done, total, unit: 'bytes' });
    }
    if (total === undefined || done === total) return;
  } catch (error) {
    signal?.throwIfAborted();
    if (isErrno(error) && error.code === 'ENOSPC') throw noSpace(part.file, error);
    reason =
      error instanceof Error && error.name === 'AbortError' ? `nothing came for ${limits.idleMs / 1000} s` : reasonOf(error);
  }
  throw new EulabError(`${url}: ${reason} after ${done} of ${total ?? 'an unknown number of'} bytes`, {
    hint: 'run it again: it continues where it was cut',
  });
}

/** The error for a full disk under the cache. */
export function noSpace(path: string, cause: unknown): EulabError {
  return new EulabError(`no space left on the disk of ${path}`, {
    hint: 'make room, or put the cache on another disk with EULAB_CACHE=FOLDER',
    check: 'cache',
    cause,
  });
}

function continuation(validator: Validator | undefined, have: number): Record<string, string> {
  if (validator === undefined || have === 0) return {};
  // A weak ETag does not promise the same bytes, and If-Range forbids it.
  const strong = validator.etag?.startsWith('W/') ? undefined : validator.etag;
  const same = strong ?? validator.lastModified;
  return { range: `bytes=${have}-`, ...(same === undefined ? {} : { 'if-range': same }) };
}

/** The numbers of a Content-Range, "bytes 100-199/200"; in a reply of status 416 there is only the last. */
function contentRange(headers: Headers): { readonly start: number | undefined; readonly total: number | undefined } | undefined {
  const [, start, total] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (total === undefined) return undefined;
  return { start: start === undefined ? undefined : Number(start), total: total === '*' ? undefined : Number(total) };
}

/** End a reply whose body is not wanted: unread, it would hold its connection, and the process with it. */
async function drop(reply: Reply): Promise<void> {
  for await (const _ of reply.body) return;
}
