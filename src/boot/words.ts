import { readFileSync } from 'node:fs';

/**
 * The last `words.length` words of this process's command line as bytes: Node reads them as UTF-8 and loses what is none.
 *
 * @see proc_pid_cmdline(5)
 */
export function bytesOf(words: readonly string[]): Buffer[] {
  const decoded = words.map((word) => Buffer.from(word));
  if (words.length === 0 || !words.some((word) => word.includes('\ufffd'))) return decoded;
  const line = readFileSync('/proc/self/cmdline');
  const all: Buffer[] = [];
  for (let at = 0; at < line.length; ) {
    const end = line.indexOf(0, at);
    all.push(line.subarray(at, end < 0 ? line.length : end));
    at = end < 0 ? line.length : end + 1;
  }
  const last = all.slice(-words.length);
  return last.every((bytes, index) => bytes.toString() === words[index]) ? last : decoded;
}
