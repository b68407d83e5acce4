import { followed } from '../../links.ts';

/** What an initramfs has, as far as it matters to what is put on top of it. Paths have no slash at their beginning. */
export interface Layout {
  readonly folders: readonly string[];
  /** Its links, each with its target as it is written. */
  readonly links: readonly (readonly [string, string])[];
  /** All the rest. */
  readonly files: readonly string[];
}

/** Answers about an initramfs. */
export interface Base {
  /** The path by which the kernel gets to this one: links above it are followed, the last part is not. */
  canonical(path: string): string;
  /** A folder, or a link to one. */
  folder(path: string): boolean;
  /** A file that is there, through whatever links. */
  file(path: string): boolean;
}

const typeMask = 0o170000;
const folderType = 0o040000;
const linkType = 0o120000;

/** What an archive says of an entry. */
interface Listed {
  readonly path: string;
  readonly mode: number;
  /** Where a link leads to. */
  readonly target: Buffer | undefined;
}

/** The layout of an archive's entries. Of two at one path the later counts. */
export async function layoutOf(entries: AsyncIterable<Listed>): Promise<Layout> {
  const found = new Map<string, string | true | undefined>();
  for await (const { path, mode, target } of entries) {
    const plain = path.replace(/^(\.?\/+)+/, '').replace(/\/+$/, '');
    if (plain === '' || plain === '.') continue;
    const type = mode & typeMask;
    found.set(plain, type === folderType ? true : type === linkType ? String(target ?? '') : undefined);
  }
  const all = [...found];
  return {
    folders: all.filter(([, what]) => what === true).map(([path]) => path),
    links: all.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
    files: all.filter(([, what]) => what === undefined).map(([path]) => path),
  };
}

/** Answers about an initramfs of this layout, with more links on top of it. Pure. */
export function baseOf(layout: Layout, more: readonly (readonly [string, string])[] = []): Base {
  const links = new Map([...layout.links, ...more]);
  const folders = new Set(layout.folders);
  const files = new Set(layout.files);
  const follow = (path: string, last: boolean) => followed(path, (place) => links.get(place), last);
  // Most paths share a folder with the one before.
  const parents = new Map<string, string>();
  const parent = (path: string) => {
    const found = parents.get(path) ?? follow(path, true) ?? path;
    parents.set(path, found);
    return found;
  };
  return {
    canonical: (path) => {
      const at = path.lastIndexOf('/');
      const above = at < 0 ? '' : parent(path.slice(0, at));
      return above === '' ? path.slice(at + 1) : `${above}/${path.slice(at + 1)}`;
    },
    folder: (path) => {
      const place = follow(path, true);
      return place === '' || (place !== undefined && folders.has(place));
    },
    file: (path) => files.has(follow(path, true) ?? ''),
  };
}
