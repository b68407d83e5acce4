/** Each frame of QEMU's stream has its length before it, 32 bits, big endian. @see qemu(1), "-netdev stream" */
export const lengthBytes = 4;

/** QEMU sends none that is longer. @see QEMU's include/net/net.h, NET_BUFSIZE */
const longestFrame = 4096 + 65_536;

/**
 * The frames of a stream, each with its length before it, fit to be sent on as they are. Takes bytes as they come; pure but for
 * what it holds back.
 *
 * @throws RangeError when a length is none that a frame can have: the two ends have lost each other.
 */
export class FrameReader {
  /** What was not enough yet, in pieces: a long frame must not cost a copy of its beginning for each. */
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted = lengthBytes;

  take(bytes: Buffer): Buffer[] {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    if (this.#held < this.#wanted) return [];
    const all = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces, this.#held);
    const records: Buffer[] = [];
    let at = 0;
    this.#wanted = lengthBytes;
    while (all.length - at >= lengthBytes) {
      const length = all.readUInt32BE(at);
      if (length === 0 || length > longestFrame) throw new RangeError(`a frame of ${length} bytes`);
      this.#wanted = lengthBytes + length;
      if (all.length - at < this.#wanted) break;
      records.push(all.subarray(at, at + this.#wanted));
      at += this.#wanted;
      this.#wanted = lengthBytes;
    }
    this.#pieces = at === all.length ? [] : [all.subarray(at)];
    this.#held = all.length - at;
    return records;
  }
}
