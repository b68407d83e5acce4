/** Pieces one after another, some of which can be passed over unread. */
export interface Pieces extends AsyncIterable<Uint8Array> {
  /** Passes over so many bytes of what was not read yet, and returns how many there were. */
  pass?(count: number): number;
}

/** Takes exact amounts from a stream of pieces; `told` gets every byte that was taken or passed over, in order. */
export class Reader {
  offset = 0;
  private held: Uint8Array = new Uint8Array(0);
  private readonly pieces: AsyncIterator<Uint8Array>;
  private readonly skip: ((count: number) => number) | undefined;
  private readonly told: ((piece: Uint8Array) => void) | undefined;

  constructor(source: Pieces, told?: (piece: Uint8Array) => void) {
    this.pieces = source[Symbol.asyncIterator]();
    // Who is told of every byte, has them read.
    this.skip = told === undefined ? source.pass?.bind(source) : undefined;
    this.told = told;
  }

  /** The next bytes, as many as there are of so many; no more than that is ever held, whatever a header says. */
  async take(count: number): Promise<Buffer> {
    if (this.held.length >= count) {
      const { buffer, byteOffset } = this.held;
      this.advance(count);
      return Buffer.from(buffer, byteOffset, count);
    }
    const taken: Uint8Array[] = [];
    for (let lacking = count; lacking > 0; ) {
      const part = await this.piece(lacking);
      if (part === undefined) break;
      taken.push(part);
      lacking -= part.length;
    }
    return Buffer.concat(taken);
  }

  /** The next piece as it came, of at most so many bytes; undefined at the end. */
  async piece(most: number): Promise<Uint8Array | undefined> {
    if (this.held.length === 0 && !(await this.more())) return undefined;
    const part = this.held.subarray(0, most);
    this.advance(part.length);
    return part;
  }

  /** Passes over the next bytes, as many as there are of so many, and returns how many these were. */
  async pass(count: number): Promise<number> {
    let lacking = count;
    while (lacking > 0) {
      if (this.held.length === 0 && this.skip !== undefined) {
        const skipped = this.skip(lacking);
        this.offset += skipped;
        return count - lacking + skipped;
      }
      const part = await this.piece(lacking);
      if (part === undefined) break;
      lacking -= part.length;
    }
    return count - lacking;
  }

  /** Passes over zeros; the byte behind them, which stays to be taken, or undefined at the end. */
  async skipZeros(): Promise<number | undefined> {
    for (;;) {
      if (this.held.length === 0 && !(await this.more())) return undefined;
      const at = this.held.findIndex((byte) => byte !== 0);
      this.advance(at < 0 ? this.held.length : at);
      if (at >= 0) return this.held[0];
    }
  }

  /** Whoever stops before the end, stops the source too. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private advance(count: number): void {
    this.told?.(this.held.subarray(0, count));
    this.held = this.held.subarray(count);
    this.offset += count;
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const next = await this.pieces.next();
      if (next.done === true) return false;
      this.held = next.value;
      if (this.held.length > 0) return true;
    }
  }
}
