import type { Method, WantedCompression } from '../ramdisk-values.ts';
import type { Compressed } from './pack.ts';

interface Facts {
  /** Behind initramfs.cpio. */
  readonly ending: string;
  /** The switch of the kernel's configuration that lets it unpack this. */
  readonly symbol: string | undefined;
  readonly usual: number;
  /** The program that does it, unless Node does. */
  readonly program?: (level: number) => readonly [string, ...string[]];
}

/** The kernel's decompressors want: of lz4 the legacy frame, of xz checksums by CRC32. @see lib/decompress_unlz4.c, lib/decompress_unxz.c */
export const methods: Readonly<Record<Method, Facts>> = {
  gzip: { ending: '.gz', symbol: 'CONFIG_RD_GZIP', usual: 6 },
  zstd: {
    ending: '.zst',
    symbol: 'CONFIG_RD_ZSTD',
    usual: 3,
    program: (level) => ['zstd', '-qc', '-T0', '--ultra', `-${level}`],
  },
  lz4: { ending: '.lz4', symbol: 'CONFIG_RD_LZ4', usual: 1, program: (level) => ['lz4', '-qlc', `-${level}`] },
  xz: { ending: '.xz', symbol: 'CONFIG_RD_XZ', usual: 6, program: (level) => ['xz', '-qc', '-T0', '--check=crc32', `-${level}`] },
  none: { ending: '', symbol: undefined, usual: 0 },
};

/** The method that a file's name speaks of: image.cpio.zst, initrd.gz, image.cpio; undefined for another name. Pure. */
export function methodOfName(name: string): Method | undefined {
  const found = Object.entries(methods).find(([, { ending }]) => name.endsWith(ending === '' ? '.cpio' : ending));
  return found?.[0] as Method | undefined;
}

/** What the kernel and this host can do. */
export interface Abilities {
  /** The kernel's configuration; undefined: nothing is known of it. */
  readonly config: ((symbol: string) => string) | undefined;
  here(program: string): boolean;
}

/** Below it what matters is that every kernel can unpack it. */
const smallBytes = 16 * 1024 * 1024;

/**
 * The compression of an archive of so many bytes. `auto` is the one with which a machine comes up soonest, of those that its kernel
 * and this host know: lz4. Undefined, a small one has gzip, which nearly every kernel knows, and a large one zstd, where the kernel is
 * known to know it: smaller, and packed in a tenth of the time. Pure.
 */
export function settled(wanted: WantedCompression | undefined, bytes: number, { config, here }: Abilities): Compressed {
  if (wanted !== undefined && wanted.method !== 'auto') return { method: wanted.method, level: wanted.level };
  const able = (method: Method) => {
    const { symbol, program } = methods[method];
    return config?.(symbol ?? '') === 'y' && (program === undefined || here(program(1)[0]));
  };
  const order: Method[] = wanted !== undefined ? ['lz4', 'zstd', 'gzip', 'xz'] : ['zstd', 'gzip', 'lz4', 'xz'];
  const usual = wanted === undefined && bytes < smallBytes ? (['gzip', ...order] as const) : order;
  return { method: config === undefined ? 'gzip' : (usual.find(able) ?? 'none') };
}
