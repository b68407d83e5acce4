/** Small enough for a few to wait for the disk, large enough that their number costs nothing. */
const usualBytes = 512 * 1024;

/** Bytes put one after another, which come out in pieces of one size: most entries of an archive have less than 200 bytes. */
export class Gathered {
  /** Of all that was put in. */
  length = 0;
  private readonly pieceBytes: number;
  private readonly spent: Uint8Array[];
  private piece: Buffer;
  private filled = 0;
  private full: Buffer[] = [];

  /** Pieces in `spent` are filled again: for fresh memory the kernel takes as long as for what is read into it. */
  constructor(pieceBytes = usualBytes, spent: Uint8Array[] = []) {
    this.pieceBytes = pieceBytes;
    this.spent = spent;
    this.piece = this.next();
  }

  /** Where the next bytes go, at least one; who writes there says with `wrote` how many. */
  room(): Buffer {
    return this.piece.subarray(this.filled);
  }

  wrote(count: number): void {
    this.filled += count;
    this.length += count;
    if (this.filled < this.pieceBytes) return;
    this.full.push(this.piece);
    this.piece = this.next();
    this.filled = 0;
  }

  put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const room = this.room();
      const part = bytes.subarray(at, at + room.length);
      room.set(part);
      this.wrote(part.length);
      at += part.length;
    }
  }

  /** As `put`, a text in UTF-8. */
  text(text: string): void {
    if (this.pieceBytes - this.filled < Buffer.byteLength(text)) this.put(Buffer.from(text));
    else this.wrote(this.piece.write(text, this.filled));
  }

  /** Zeros up to a multiple of `unit`. */
  align(unit: number): void {
    this.put(new Uint8Array((unit - (this.length % unit)) % unit));
  }

  /** The pieces that are full; they are not written to any more. */
  take(): readonly Buffer[] {
    const { full } = this;
    if (full.length > 0) this.full = [];
    return full;
  }

  private next(): Buffer {
    for (let piece = this.spent.pop(); piece !== undefined; piece = this.spent.pop())
      if (piece.length === this.pieceBytes) return Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    return Buffer.allocUnsafeSlow(this.pieceBytes);
  }

  /** The beginning of the next one. */
  rest(): Buffer {
    return this.piece.subarray(0, this.filled);
  }
}
