/** A compression that Linux knows, for its own payload and for an initramfs. @see lib/decompress.c */
export interface Compression {
  readonly name: 'gzip' | 'bzip2' | 'lzma' | 'xz' | 'lzo' | 'lz4' | 'zstd';
  /** The first bytes, in hexadecimal. */
  readonly magic: string;
  /** The switch of the kernel's configuration that lets it unpack an initramfs of this kind. */
  readonly symbol: string;
  /** A program that unpacks its standard input to its standard output. */
  readonly tool: readonly [string, ...string[]];
}

/** lz4 means its legacy frame: Linux reads no other. */
const compressions = [
  { name: 'gzip', magic: '1f8b', symbol: 'CONFIG_RD_GZIP', tool: ['gzip', '-dc'] },
  { name: 'bzip2', magic: '425a68', symbol: 'CONFIG_RD_BZIP2', tool: ['bzip2', '-dc'] },
  { name: 'lzma', magic: '5d0000', symbol: 'CONFIG_RD_LZMA', tool: ['xz', '--format=lzma', '-dc'] },
  { name: 'xz', magic: 'fd377a585a00', symbol: 'CONFIG_RD_XZ', tool: ['xz', '-dc'] },
  { name: 'lzo', magic: '894c5a4f', symbol: 'CONFIG_RD_LZO', tool: ['lzop', '-dc'] },
  { name: 'lz4', magic: '02214c18', symbol: 'CONFIG_RD_LZ4', tool: ['lz4', '-dc'] },
  { name: 'zstd', magic: '28b52ffd', symbol: 'CONFIG_RD_ZSTD', tool: ['zstd', '-dcq'] },
] as const satisfies readonly Compression[];

/** The compression of what begins with these bytes; undefined when it is none that Linux knows. Pure. */
export function compressionOf(head: Uint8Array): Compression | undefined {
  const hex = Buffer.from(head.subarray(0, 6)).toString('hex');
  return compressions.find(({ magic }) => hex.startsWith(magic));
}

export function compressionNamed(name: Compression['name']): Compression {
  return compressions.find((one) => one.name === name) as Compression;
}
