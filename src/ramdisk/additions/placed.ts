import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { contents } from '../content.ts';
import type { Entry } from '../entry.ts';

/** An entry of a layer, and where it comes from. */
export interface Placed {
  readonly entry: Entry;
  /** The path on the host; what eulab itself wrote has the option that asked for it. */
  readonly from: string;
  /** Another content has another one. */
  readonly identity: string;
  /** The option that asked for it, for the errors. */
  readonly said: string;
}

/** A file of the host's as an entry; its content is read when it is asked for. */
export function placedFile(path: string, guest: string, found: BigIntStats, said: string, mode?: number): Placed {
  const entry: Entry = {
    type: 'file',
    path: guest,
    mode: mode ?? Number(found.mode) & 0o7777,
    size: Number(found.size),
    data: contents(path),
  };
  return { entry, from: path, identity: identityOf(found), said };
}

/** An entry whose content eulab made. */
export function placedHere(entry: Entry, said: string): Placed {
  const content = entry.type === 'file' && entry.data instanceof Uint8Array ? entry.data : new Uint8Array(0);
  return { entry, from: said, identity: createHash('sha256').update(content).digest('hex'), said };
}

/** Another file, or this one changed, has another identity. */
export function identityOf(found: BigIntStats): string {
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join('-');
}
