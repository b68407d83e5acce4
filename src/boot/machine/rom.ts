/** A line of machine code: its bytes in hex, and what they mean. */
export type Instruction = readonly [hex: string, meaning: string];

/**
 * A 64 KiB firmware image of one small program. Pure. The code is loaded at 0xffffff00; the CPU starts at 0xfffffff0, in
 * 16-bit mode, with a jump to it; what is not code halts.
 *
 * @see Intel SDM volume 3, 9.1.4 "First Instruction Executed"
 */
export function rom(code: readonly Instruction[]): Uint8Array {
  const image = new Uint8Array(64 * 1024).fill(0xf4);
  image.set(Buffer.from(code.map(([hex]) => hex).join(''), 'hex'), image.length - 256);
  image.set(Buffer.from('e90dff', 'hex'), image.length - 16); // jmp 0xff00
  return image;
}
