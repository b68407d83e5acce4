import { EulabError } from '../errors.ts';

/** The list of digests in a release, in the form of sha256sum(1). */
export const sums = 'SHA256SUMS';

/** The list of what the parts were made from. @see CycloneDX */
export const sbom = 'sbom.cdx.json';

/** No release has more of them, nor more bytes: an archive that says so is no release. */
export const mostMembers = 20_000;
export const mostBytes = 4 * 1024 ** 3;

/** What a member of a release belongs to; undefined for what has no place in one. Pure. */
export function placeOf(member: string): 'kernel' | 'ramdisk' | 'release' | undefined {
  if (member === sums || member === sbom) return 'release';
  if (/^(bzImage|Image|config|kernel\.provenance\.json)$/.test(member)) return 'kernel';
  if (/^(initramfs\.cpio(\.(gz|zst|lz4|xz))?|ramdisk\.provenance\.json)$/.test(member)) return 'ramdisk';
  return moduleFile(member) ? 'kernel' : undefined;
}

/** A file of the kernel's that is released: what boots, and what tells of it; not what debugs it. Pure. */
export function released(path: string): boolean {
  return placeOf(path) === 'kernel';
}

function moduleFile(path: string): boolean {
  const [first, second, third, ...rest] = path.split('/');
  if (first !== 'modules' || second !== 'lib' || third !== 'modules' || rest.length < 2) return false;
  return rest.every((part) => /^[\w+@,=~-][\w.+@,=~-]*$/.test(part));
}

/** A list of digests in the form of sha256sum(1), by name. Pure. */
export function renderSums(digests: ReadonlyMap<string, string>): string {
  return [...digests]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, digest]) => `${digest}  ${name}\n`)
    .join('');
}

/** The digests of a list. Pure. @throws EulabError when a line is none. */
export function parseSums(text: string, file: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, digest, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
      if (digest === undefined || name === undefined) throw noRelease(file, `its ${sums} has a line that is no digest`);
      return [name, digest] as const;
    }),
  );
}

/** The error for a file that is not taken: nothing of it is kept. */
export function noRelease(file: string, why: string): EulabError {
  return new EulabError(`${file} is not taken: ${why}`, {
    hint: 'nothing of it was kept; get it from who made it with: eulab release',
  });
}
