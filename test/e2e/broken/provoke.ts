import { directory, file } from '../../../src/ramdisk/entry.ts';
import { code, elf } from './code.ts';
import { only } from './initrd.ts';

/**
 * An initramfs whose init asks the kernel's LKDTM to break it in one way, `times` over, and then waits for ever. It is a
 * program of its own, because the kernel for it has neither a terminal nor scripts.
 *
 * @see Documentation/fault-injection/provoke-crashes.rst
 */
export function provoke(trigger: string, times = 1) {
  return only(directory('debug'), file('init', provoker(trigger, times), 0o755));
}

function provoker(trigger: string, times: number): Buffer {
  const texts = ['debugfs\0', '/debug\0', '/debug/provoke-crash/DIRECT\0', trigger].map((text) => Buffer.from(text));
  const [type = 0, folder = 0, crash = 0, word = 0] = texts.map((_text, index) => Buffer.concat(texts.slice(0, index)).length);
  // A register gets the address of a text: lea reg, [rip + distance]; the texts lie behind the code.
  const lea = { rdi: '488d3d', rsi: '488d35', rdx: '488d15' };
  const parts: { hex: string; text?: number }[] = [
    { hex: lea.rdi, text: type },
    { hex: lea.rsi, text: folder },
    { hex: lea.rdx, text: type },
    { hex: '4d31d2 4d31c0 b8a5000000 0f05' }, // mount("debugfs", "/debug", "debugfs", 0, NULL)
    { hex: lea.rdi, text: crash },
    { hex: 'be01000000 b802000000 0f05 89c3' }, // ebx = open("/debug/provoke-crash/DIRECT", O_WRONLY)
    ...Array.from({ length: times }, () => [
      { hex: '89df' },
      { hex: lea.rsi, text: word },
      { hex: `ba${little(trigger.length)} b801000000 0f05` }, // write(ebx, trigger, length)
    ]).flat(),
    { hex: 'b822000000 0f05 ebf7' }, // for (;;) pause()
  ];
  const sizes = parts.map(({ hex, text }) => code(hex).length + (text === undefined ? 0 : 4));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let at = 0;
  const bytes = parts.map(({ hex, text }, index) => {
    at += sizes[index] ?? 0;
    return text === undefined ? code(hex) : code(`${hex} ${little(total - at + text)}`);
  });
  return elf(Buffer.concat([...bytes, ...texts]));
}

function little(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}
