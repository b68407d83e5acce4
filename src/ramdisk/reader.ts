/** Takes exact amounts from a stream of pieces. */
export class Reader {
  offset = 0;
  private held: Uint8Array = new Uint8Array(0);
  private readonly pieces: AsyncIterator<Uint8Array>;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.pieces = source[Symbol.asyncIterator]();
  }

  /** The next bytes; undefined at the end. @throws RangeError when the end comes within them. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const taken: Uint8Array[] = [];
    let lacking = count;
    while (lacking > 0) {
      if (this.held.length === 0 && !(await this.more())) {
        if (lacking === count) return undefined;
        throw new RangeError(`the archive is cut at offset ${this.offset}`);
      }
      const part = this.held.subarray(0, lacking);
      taken.push(part);
      this.advance(part.length);
      lacking -= part.length;
    }
    return Buffer.concat(taken);
  }

  /** Passes over so many bytes; false when the stream ends before. */
  async skip(count: number): Promise<boolean> {
    let lacking = count;
    while (lacking > 0) {
      if (this.held.length === 0 && !(await this.more())) return false;
      const part = Math.min(lacking, this.held.length);
      this.advance(part);
      lacking -= part;
    }
    return true;
  }

  /** Passes over the zeros between segments. */
  async skipZeros(): Promise<void> {
    for (;;) {
      if (this.held.length === 0 && !(await this.more())) return;
      const at = this.held.findIndex((byte) => byte !== 0);
      this.advance(at < 0 ? this.held.length : at);
      if (at >= 0) return;
    }
  }

  /** Whoever stops before the end, stops the source too. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private advance(count: number): void {
    this.held = this.held.subarray(count);
    this.offset += count;
  }

  private async more(): Promise<boolean> {
    const next = await this.pieces.next();
    if (next.done === true) return false;
    this.held = next.value;
    return true;
  }
}
