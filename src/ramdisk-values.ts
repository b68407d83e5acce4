import * as v from 'valibot';

/** How an initramfs is compressed, with the levels that there are; the order is that of the help. */
export const levels = { gzip: [1, 9], zstd: [1, 22], lz4: [1, 12], xz: [0, 9], none: [0, 0] } as const;

export type Method = keyof typeof levels;

/** A wish for a compression: `auto` is settled when it is known which kernel is to unpack it. */
export interface WantedCompression {
  readonly method: Method | 'auto';
  /** The method's usual one unless given. */
  readonly level: number | undefined;
}

const methods = ['auto', 'gzip', 'zstd', 'lz4', 'xz', 'none'] as const;

const told = `is none of ${methods.join(', ')}, with :LEVEL behind it (gzip 1-9, zstd 1-22, lz4 1-12, xz 0-9)`;

/** METHOD or METHOD:LEVEL. */
export const compressionSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]+(:\d{1,2})?$/, told),
  v.transform((text): { method: string; level: number | undefined } => {
    const [method = '', level] = text.split(':');
    return { method, level: level === undefined ? undefined : Number(level) };
  }),
  v.check(({ method, level }) => fits(method, level), told),
  v.transform(({ method, level }): WantedCompression => ({ method: method as WantedCompression['method'], level })),
);

function fits(method: string, level: number | undefined): boolean {
  if (level === undefined) return methods.some((name) => name === method);
  const [least, most] = Object.hasOwn(levels, method) ? levels[method as Method] : [1, 0];
  return level >= least && level <= most && method !== 'none';
}
