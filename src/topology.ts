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
