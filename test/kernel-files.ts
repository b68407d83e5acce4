/** One ELF note; name and data are padded to 4 bytes. @see elf(5) */
export function note(name: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(data.length, 4);
  head.writeUInt32LE(type, 8);
  const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  return Buffer.concat([head, padded(Buffer.from(`${name}\0`)), padded(data)]);
}

/** An ELF file of these sections, and nothing else. */
export function elf(contents: Readonly<Record<string, Buffer>>): Buffer {
  const names = ['', ...Object.keys(contents), '.shstrtab'];
  const table = Buffer.from(`${names.join('\0')}\0`);
  const parts = [Buffer.alloc(0), ...Object.values(contents), table];
  const headers = Buffer.alloc(64 * parts.length);
  let at = 64;
  for (const [index, part] of parts.entries()) {
    headers.writeUInt32LE(names.slice(0, index).join('\0').length + (index === 0 ? 0 : 1), index * 64);
    headers.writeBigUInt64LE(BigInt(at), index * 64 + 24);
    headers.writeBigUInt64LE(BigInt(part.length), index * 64 + 32);
    at += part.length;
  }
  const head = Buffer.alloc(64);
  head.write('\x7fELF\x02\x01', 'latin1');
  head.writeBigUInt64LE(BigInt(at), 40);
  head.writeUInt16LE(64, 58);
  head.writeUInt16LE(parts.length, 60);
  head.writeUInt16LE(parts.length - 1, 62);
  return Buffer.concat([head, ...parts, headers]);
}

/** A bzImage of one setup sector and a compressed kernel, as far as its header is read. */
export function image(payload: Buffer, version = '6.1.0-lab (me@here) #3 SMP Thu Jan 1'): Buffer {
  const setup = Buffer.alloc(1024);
  setup[0x1f1] = 1;
  setup.write('HdrS', 0x202, 'latin1');
  setup.writeUInt16LE(0x100, 0x20e);
  setup.writeUInt32LE(16, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  setup.write(`${version}\0`, 0x300, 'latin1');
  return Buffer.concat([setup, Buffer.alloc(16), payload]);
}
