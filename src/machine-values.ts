import * as v from 'valibot';

/** The CPUs of a machine: how many there are, and how they are laid out where that was asked. */
export interface Topology {
  readonly count: number;
  readonly sockets?: number;
  readonly cores?: number;
  readonly threads?: number;
}

/** A topology in `4`, or in `sockets=2,cores=2,threads=1`, of which what is left out is 1. */
export const topologySchema = v.pipe(
  v.string(),
  v.regex(/^(\d+|(sockets|cores|threads)=\d+(,(sockets|cores|threads)=\d+)*)$/, 'is no number, nor sockets=N,cores=N,threads=N'),
  v.transform((text): Topology => {
    if (/^\d+$/.test(text)) return { count: Number(text) };
    const layers = { sockets: 1, cores: 1, threads: 1 };
    for (const word of text.split(',')) Object.assign(layers, { [word.replace(/=.*/, '')]: Number(word.replace(/.*=/, '')) });
    return { count: layers.sockets * layers.cores * layers.threads, ...layers };
  }),
  v.check(({ count }) => count >= 1, 'is less than 1'),
  v.check(({ count }) => count <= 4096, 'is more than 4096'),
);

/** An address for vsock(7), which are 32 bits long; 0 to 2 and the last one are taken. */
export const cidSchema = v.pipe(
  v.string(),
  v.regex(/^(auto|[1-9]\d{0,9})$/, 'is neither auto nor a number'),
  v.check((text) => text === 'auto' || (Number(text) >= 3 && Number(text) <= 2 ** 32 - 2), 'is none of 3 to 4294967294'),
);

/** What QEMU's -rtc base= takes. */
export const clockSchema = v.pipe(
  v.string(),
  v.check(
    (text) =>
      /^(utc|localtime)$/.test(text) || (/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d)?$/.test(text) && !Number.isNaN(Date.parse(text))),
    'is not utc, localtime or YYYY-MM-DD[THH:MM:SS]',
  ),
);

/** Bytes from `512M`, `2G`, `65536K`; a bare number counts MiB, as QEMU's -m does. At least 32 MiB. */
export const memorySchema = v.pipe(
  v.string(),
  v.regex(/^\d+[KMG]?$/i, 'is no size such as 512M or 2G'),
  v.transform((text) => Number.parseInt(text, 10) * { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 }[unit(text)]),
  v.minValue(32 * 2 ** 20, 'is too little: Linux needs 32M to come up'),
  v.maxValue(2 ** 42, 'is more than 4096G'),
);

/** Bytes of a disk from `2G`, `512M`, `1T`; the unit must be said. */
export const diskSizeSchema = v.pipe(
  v.string(),
  v.regex(/^\d+[KMGT]$/i, 'is no size such as 2G or 512M'),
  v.transform((text) => Number.parseInt(text, 10) * 2 ** (10 * ('KMGT'.indexOf(text.slice(-1).toUpperCase()) + 1))),
  v.minValue(2 ** 16, 'is too little: a disk has 64K at least'),
  v.maxValue(2 ** 44 - 2 ** 12, 'is 16T or more'),
);

/** Milliseconds from `500ms`, `30s`, `5m`, `1h`; a bare number counts seconds, as timeout(1) does. */
export const durationSchema = v.pipe(
  v.string(),
  v.regex(/^\d+(\.\d+)?(ms|s|m|h)?$/, 'is no time such as 30s or 5m'),
  v.transform((text) => Number.parseFloat(text) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[suffix(text)]),
  v.minValue(1, 'is no time at all'),
  v.maxValue(2 ** 31 - 1, 'is more than 24 days'),
);

/** What --limit can name: the phases of a boot, and the console's silence. */
const limitable = ['firmware', 'kernel', 'init', 'command', 'silence'] as const;

/** PHASE=TIME, with its time in milliseconds; `none` is infinite. */
export const limitSchema = v.pipe(
  v.string(),
  v.transform((text) => text.split(/=(.*)/s)),
  v.tuple([
    v.picklist(limitable, `is no limit such as kernel=30s; there are ${limitable.join(', ')}`),
    v.union(
      [
        v.pipe(
          v.literal('none'),
          v.transform(() => Number.POSITIVE_INFINITY),
        ),
        durationSchema,
      ],
      'is no time such as 30s or 5m, nor none',
    ),
  ]),
);

/** A port that gdb can come to; 0 is any. */
export const portSchema = v.pipe(
  v.string(),
  v.regex(/^\d+$/, 'is no port: a number, or nothing for a private socket (a command comes after --)'),
  v.transform(Number),
  v.maxValue(65_535, 'is more than 65535'),
);

function unit(text: string): 'K' | 'M' | 'G' {
  const last = text.at(-1)?.toUpperCase();
  return last === 'K' || last === 'G' ? last : 'M';
}

function suffix(text: string): 'ms' | 's' | 'm' | 'h' {
  return (/(ms|s|m|h)$/.exec(text)?.[1] ?? 's') as 'ms' | 's' | 'm' | 'h';
}
