import { dirname } from 'node:path';
import { type Cable, cable } from '../switch/cable.ts';
import { cableSocket, type Nic } from './machine/nic.ts';

/** The cables of a machine's cards that are in a lab; disposing it pulls them out. */
export function cables(net: readonly Nic[], folder: string): Cable {
  const all = net.flatMap(({ backend }, index) => {
    if (backend.kind !== 'lab') return [];
    const { name: lab, pcap } = backend;
    return [cable({ lab, runtime: dirname(folder), card: cableSocket(folder, index), pcap })];
  });
  return {
    plugged: Promise.all(all.map(({ plugged }) => plugged)).then(() => undefined),
    [Symbol.dispose]: () => {
      for (const each of all) each[Symbol.dispose]();
    },
  };
}
