/** What a program wrote, as far as it was kept. */
export interface Kept {
  readonly text: string;
  readonly encoding: 'utf8' | 'base64';
  /** Of all that it wrote. */
  readonly bytes: number;
  readonly truncated: boolean;
}

/** Keeps the beginning and the end of what a program writes, `most` bytes together. */
export class Captured {
  private readonly head: Buffer[] = [];
  private headBytes = 0;
  private tail = Buffer.alloc(0);
  private bytes = 0;
  private readonly half: number;

  constructor(most: number) {
    this.half = Math.max(1, Math.floor(most / 2));
  }

  take(chunk: Buffer): void {
    this.bytes += chunk.length;
    const first = chunk.subarray(0, this.half - this.headBytes);
    if (first.length > 0) this.head.push(first);
    this.headBytes += first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length > 0) this.tail = Buffer.from(Buffer.concat([this.tail, rest]).subarray(-this.half));
  }

  /** Text where it is text; else its beginning, in base64. */
  kept(): Kept {
    const head = Buffer.concat(this.head);
    const left = this.bytes - head.length - this.tail.length;
    const facts = { bytes: this.bytes, truncated: left > 0 };
    const [begin, end] =
      left > 0 ? [textOf(cutEnd(head)), textOf(cutBegin(this.tail))] : [textOf(Buffer.concat([head, this.tail])), ''];
    if (begin === undefined || end === undefined) {
      const whole = left > 0 ? head : Buffer.concat([head, this.tail]);
      return { ...facts, text: whole.toString('base64'), encoding: 'base64' };
    }
    const gap = left > 0 ? `\n[... ${left} bytes are left out ...]\n` : '';
    return { ...facts, text: `${begin}${gap}${end}`, encoding: 'utf8' };
  }
}

/** Undefined for what is no UTF-8, or has NUL in it. */
function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const continues = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Without the letter that was cut at its end. */
function cutEnd(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && continues(bytes[end - 1])) end -= 1;
  const lead = bytes[end - 1] ?? 0;
  const wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  return bytes.length - end + 1 === wanted ? bytes : bytes.subarray(0, lead >= 0xc0 ? end - 1 : end);
}

/** Without what is left of a letter at its beginning. */
function cutBegin(bytes: Buffer): Buffer {
  let begin = 0;
  while (begin < 3 && continues(bytes[begin])) begin += 1;
  return bytes.subarray(begin);
}
