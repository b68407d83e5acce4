const magic = 'glibc-ld.so.cache1.1';
const headerBytes = 48;
const entryBytes = 24;

/**
 * Where the dynamic loader's cache (/etc/ld.so.cache) has each library: paths by name, in the cache's order. Variants for some
 * CPUs only are left out. Empty when it is no such cache. Pure.
 *
 * @see ldconfig(8); sysdeps/generic/dl-cache.h of glibc has the form
 */
export function ldCache(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One of an older form may stand before it.
  const begin = all.indexOf(magic);
  const found = new Map<string, string[]>();
  if (begin < 0 || begin + headerBytes > all.length) return found;
  const cache = all.subarray(begin);
  const count = cache.readUInt32LE(20);
  for (let index = 0; index < count; index += 1) {
    const at = headerBytes + index * entryBytes;
    if (at + entryBytes > cache.length) break;
    if (cache.readBigUInt64LE(at + 16) !== 0n) continue;
    const [name, path] = [textAt(cache, cache.readUInt32LE(at + 4)), textAt(cache, cache.readUInt32LE(at + 8))];
    if (name === '' || path === '') continue;
    found.set(name, [...(found.get(name) ?? []), path]);
  }
  return found;
}

function textAt(bytes: Buffer, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return offset >= bytes.length || end < 0 ? '' : bytes.toString('utf8', offset, end);
}
