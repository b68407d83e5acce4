import { expect, test } from 'vitest';
import { nodes, numaArgs } from '../../../../src/boot/machine/numa.ts';
import { memory } from '../../../../src/config.ts';

const mib = 2 ** 20;

test.each<[string[], number, number, string]>([
  [[], 4, 512, ''],
  [['2'], 4, 512, '0-1:256 2-3:256'],
  [['2'], 3, 513, '0-1:257 2:256'],
  [['1'], 1, 512, '0:512'],
  [['cpus=0-1,memory=128M', 'cpus=2,cpus=3,memory=384M'], 4, 512, '0-1:128 2,3:384'],
  [['cpus=0,memory=256M', 'memory=256M'], 1, 512, '0:256 :256'],
])('%j of %i CPUs and %i MiB', (specs, cpus, mibs, expected) => {
  const list = nodes(specs, cpus, mibs * mib, memory);
  expect(list.map(({ cpus: ranges, memoryBytes }) => `${ranges.join()}:${memoryBytes / mib}`).join(' ')).toBe(expected);
});

test.each<[string[], string]>([
  [['0'], 'is no number of nodes'],
  [['5'], 'there are fewer CPUs (4) than nodes'],
  [['65'], 'is more than 64 nodes'],
  [['two'], 'is neither a number of nodes nor cpus=A-B,memory=SIZE'],
  [['cpus=0-3'], 'is neither'],
  [['cpus=0-3,memory=512M,size=1'], 'is neither'],
  [['cpus=0-2,memory=512M'], 'CPU 3 is in no node'],
  [['cpus=0-3,memory=256M', 'cpus=1,memory=256M'], 'CPU 1 is in 2 nodes'],
  [['cpus=0-4,memory=512M'], 'CPU 4 is none of the 4'],
  [['cpus=0-3,memory=256M'], 'its nodes have 256 MiB together, --memory says 512 MiB'],
  [['cpus=0-3,memory=lots'], 'is no size'],
])('%j is refused', (specs, why) => {
  expect(() => nodes(specs, 4, 512 * mib, memory)).toThrow(why);
});

test('the arguments', () => {
  expect(numaArgs(nodes(['2'], 2, 512 * mib, memory)).join(' ')).toBe(
    '-object memory-backend-ram,id=node0,size=268435456 -numa node,nodeid=0,cpus=0,memdev=node0 ' +
      '-object memory-backend-ram,id=node1,size=268435456 -numa node,nodeid=1,cpus=1,memdev=node1',
  );
});
