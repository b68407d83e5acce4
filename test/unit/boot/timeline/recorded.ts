import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { initcallLevels } from '../../../../src/boot/timeline/marks.ts';
import type { Meta, Seen } from '../../../../src/boot/timeline/timeline.ts';

const fixtures = join(import.meta.dirname, '../../../fixtures/boot');

/** What was seen of a recorded boot, see test/fixtures/boot/README.md. */
export function recorded(name: 'bzimage' | 'elf'): Seen {
  const [head = '', console = ''] = readFileSync(join(fixtures, `${name}.txt`), 'utf8').split('\n--\n');
  const [times = '', ...trace] = head.split('\n');
  const [startedMs = Number.NaN, totalMs = Number.NaN, commandMs, statusMs] = times.split(' ').map(Number);
  const lines = console.trimEnd().split('\n');
  return {
    lines: lines.map((line) => ({ ms: Number.parseFloat(line), text: line.slice(line.indexOf(' ') + 1) })),
    trace: trace.join('\n'),
    startedMs,
    totalMs,
    commandMs,
    statusMs,
    format: name === 'elf' ? 'ELF' : 'bzImage',
    levels: initcallLevels(readFileSync(join(fixtures, 'System.map'), 'latin1')),
  };
}

/** What is told of a recorded boot beside its times. */
export const meta: Meta = {
  kernel: '6.1.1-lab',
  accelerator: 'tcg',
  machine: 'q35',
  memoryBytes: 2 ** 29,
  cpus: 1,
  cmdline: 'console=ttyS0',
  command: 'true',
  eulab: '0',
};
