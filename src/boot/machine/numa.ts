import { EulabError, status } from '../../errors.ts';

/** One NUMA node: a range of CPUs, or several, and a share of the memory. */
export interface Node {
  /** Ranges such as `0-3`; empty for a node of memory alone. */
  readonly cpus: readonly string[];
  readonly memoryBytes: number;
}

const mebibyte = 1024 * 1024;

/**
 * The NUMA nodes that `--numa` asks for: a number of nodes among which memory and CPUs are split evenly, or one
 * `cpus=A-B,memory=SIZE` for each node. Pure.
 *
 * @throws EulabError (2) when a CPU is in no node or in two, the memory does not add up, or there is nothing to split.
 */
export function nodes(specs: readonly string[], cpus: number, memoryBytes: number, sizeOf: (text: string) => number): Node[] {
  if (specs.length === 0) return [];
  const [only = ''] = specs;
  if (specs.length === 1 && /^\d+$/.test(only)) return split(Number(only), cpus, memoryBytes);
  const list = specs.map((spec) => node(spec, sizeOf));
  const seen = list.flatMap((each) => each.cpus.flatMap(members));
  for (let cpu = 0; cpu < cpus; cpu += 1) {
    const times = seen.filter((each) => each === cpu).length;
    if (times !== 1) throw refused(specs, `CPU ${cpu} is in ${times === 0 ? 'no node' : `${times} nodes`}`);
  }
  const most = Math.max(...seen);
  if (most >= cpus) throw refused(specs, `CPU ${most} is none of the ${cpus} that --cpus gives, which count from 0`);
  const sum = list.reduce((total, each) => total + each.memoryBytes, 0);
  if (sum !== memoryBytes) {
    throw refused(specs, `its nodes have ${sum / mebibyte} MiB together, --memory says ${memoryBytes / mebibyte} MiB`);
  }
  return list;
}

/** The arguments that give a machine its nodes. @see qemu(1), "-numa" */
export function numaArgs(list: readonly Node[]): string[] {
  return list.flatMap(({ cpus, memoryBytes }, id) => [
    ...['-object', `memory-backend-ram,id=node${id},size=${memoryBytes}`],
    ...['-numa', ['node', `nodeid=${id}`, ...cpus.map((range) => `cpus=${range}`), `memdev=node${id}`].join(',')],
  ]);
}

function split(count: number, cpus: number, memoryBytes: number): Node[] {
  const spec = [String(count)];
  if (count < 1) throw refused(spec, 'is no number of nodes');
  if (count > 64) throw refused(spec, 'is more than 64 nodes');
  if (count > cpus) throw refused(spec, `there are fewer CPUs (${cpus}) than nodes`, `give it more: --cpus ${count}`);
  const mibs = Math.floor(memoryBytes / mebibyte);
  // What a division leaves over goes to the first nodes, one each.
  const part = (whole: number, index: number) => Math.floor(whole / count) + (index < whole % count ? 1 : 0);
  let first = 0;
  return Array.from({ length: count }, (_, index) => {
    const last = first + part(cpus, index) - 1;
    const range = first === last ? String(first) : `${first}-${last}`;
    first = last + 1;
    return { cpus: [range], memoryBytes: part(mibs, index) * mebibyte };
  });
}

function node(spec: string, sizeOf: (text: string) => number): Node {
  const words = spec.split(',').map((word) => word.split('='));
  const known = words.every(([key, value]) => value !== undefined && (key === 'cpus' || key === 'memory'));
  const memory = words.filter(([key]) => key === 'memory').map(([, value = '']) => value);
  const cpus = words.filter(([key]) => key === 'cpus').map(([, value = '']) => value);
  if (!known || memory.length !== 1 || !cpus.every((range) => /^\d+(-\d+)?$/.test(range))) {
    throw refused([spec], 'is neither a number of nodes nor cpus=A-B,memory=SIZE');
  }
  try {
    return { cpus, memoryBytes: sizeOf(memory[0] ?? '') };
  } catch (error) {
    throw refused([spec], error instanceof Error ? error.message : String(error));
  }
}

function members(range: string): number[] {
  const [first = 0, last = first] = range.split('-').map(Number);
  return Array.from({ length: Math.min(4096, Math.max(0, last - first + 1)) }, (_, index) => first + index);
}

function refused(specs: readonly string[], what: string, hint = 'write --numa 2, or --numa cpus=0-1,memory=256M for each node') {
  return new EulabError(`${specs.map((spec) => `--numa ${spec}`).join(' ')}: ${what}`, { hint, exitCode: status.usage });
}
