import { closeSync, openSync, writeSync } from 'node:fs';
import { pcapRecord } from './pcap.ts';

/** The files to which all that passes is appended; each once, however many asked for it. */
export class PacketFiles {
  readonly #files = new Map<string, { readonly fd: number; users: number }>();

  /** Appends to a file until what is returned is called. A file that cannot be opened is left out. */
  open(path: string): () => void {
    try {
      const file = this.#files.get(path) ?? { fd: openSync(path, 'a', 0o600), users: 0 };
      file.users += 1;
      this.#files.set(path, file);
    } catch {
      return () => undefined;
    }
    return () => {
      const file = this.#files.get(path);
      if (file === undefined) return;
      file.users -= 1;
      if (file.users === 0) this.#drop(path, file.fd);
    };
  }

  /** A disk that is full ends a file, and not the traffic. */
  write(frame: Buffer): void {
    if (this.#files.size === 0) return;
    const record = pcapRecord(frame, performance.timeOrigin + performance.now());
    for (const [path, { fd }] of this.#files) {
      try {
        writeSync(fd, record);
      } catch {
        this.#drop(path, fd);
      }
    }
  }

  close(): void {
    for (const [path, { fd }] of this.#files) this.#drop(path, fd);
  }

  #drop(path: string, fd: number): void {
    this.#files.delete(path);
    closeSync(fd);
  }
}
