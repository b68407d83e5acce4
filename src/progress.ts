/** How far a step is, and since when. */
export interface Progress {
  readonly done: number;
  /** Undefined when nobody knows. */
  readonly total: number | undefined;
  /** The total is only expected. */
  readonly about?: boolean | undefined;
  readonly unit: 'bytes' | 'objects' | 'checks';
  /** What is at hand, such as a file. */
  readonly now?: string | undefined;
  readonly elapsedMs: number;
}

/**
 * How far a step is, in words: "412 of about 1941 objects (21 %), 1 min 2 s, about 3 min 53 s left: net/ipv4/tcp.o". With a `width`
 * it is no longer than that, and has a bar before it where there is room for one. Pure.
 */
export function progressText(progress: Progress, width?: number): string {
  const { done, total, now = '', elapsedMs } = progress;
  const left = leftMs(progress);
  const words = [amount(progress), elapsed(elapsedMs), ...(left === undefined ? [] : [`about ${elapsed(left)} left`])].join(', ');
  if (width === undefined) return now === '' ? words : `${words}: ${now}`;
  const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
  const whole = share === undefined || words.length + barCells + 3 > width ? words : `${bar(share)} ${words}`;
  const room = width - whole.length - 2;
  if (now === '' || room < shortest) return whole.slice(0, width);
  return `${whole}: ${now.length > room ? `...${now.slice(now.length - room + 3)}` : now}`;
}

/** Less of a file's name says nothing. */
const shortest = 12;

const barCells = 20;

function bar(share: number): string {
  const full = Math.floor(share * barCells);
  return `[${'#'.repeat(full)}${'-'.repeat(barCells - full)}]`;
}

/** How long the rest takes if it goes on like this; undefined while too little is done to say. */
function leftMs({ done, total, elapsedMs }: Progress): number | undefined {
  if (total === undefined || done >= total || elapsedMs < 3000 || done < total / 50) return undefined;
  return (elapsedMs / done) * (total - done);
}

function amount({ done, total, about, unit }: Progress): string {
  const shown = unit === 'bytes' ? size : (count: number) => String(count);
  const what = unit === 'bytes' ? '' : ` ${unit}`;
  if (total === undefined || total === 0) return `${shown(done)}${what}`;
  return `${shown(done)} of ${about === true ? 'about ' : ''}${shown(total)}${what} (${Math.floor((100 * done) / total)} %)`;
}

/** A number of bytes as people read it, in powers of 1024 with one digit behind the point: "4.2 MiB". Pure. */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${bytes} B` : `${value.toFixed(1)} ${units[unit]}`;
}

/** A time as people read it: "1 min 2 s". Pure. */
export function elapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
