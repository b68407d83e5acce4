import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { openFile } from '../ramdisk/image/file.ts';
import { version } from '../version.ts';
import type { ConsoleLog } from './console.ts';
import type { Machine } from './machine/qemu.ts';
import type { Moment, Streams } from './run.ts';
import { type Files, save } from './timeline/files.ts';
import { initcallLevels, tracedEvents } from './timeline/marks.ts';
import { timelineText } from './timeline/text.ts';
import { type Boot, bootOf, type Meta, timelineOf } from './timeline/timeline.ts';

/** One of the boots of a profile. */
export interface ProfiledBoot<Some> {
  readonly machine: Some;
  readonly argv: readonly string[];
  readonly streams: Streams;
  /** The file for the console. */
  readonly log: string;
  /** To be told of each moment of the run. */
  readonly onMoment: (moment: Moment, console: ConsoleLog) => void;
}

/** What is profiled, how often, and where its timeline goes. */
export interface Profile<Some> {
  readonly machine: Some;
  /** The command. */
  readonly argv: readonly string[];
  /** The user's, for the first boot. */
  readonly streams: Streams;
  readonly files: Files;
  readonly repeat: number;
  /** QEMU's arguments, from which the timeline has the machine's type. */
  readonly args: readonly string[];
  /** A new file for the console of one boot. */
  readonly newLog: () => string;
  /** Boots once and gives the command's status. */
  readonly boot: (one: ProfiledBoot<Some>) => Promise<number>;
}

/**
 * The words of the kernel's command line that show where the time goes.
 *
 * `initramfs_async=0`: unpacked beside the initcalls, the initramfs would have no stretch of time of its own.
 */
const words = [
  'earlyprintk=ttyS0,115200',
  'initcall_debug',
  'ignore_loglevel',
  'printk.time=1',
  'printk.devkmsg=on',
  'initramfs_async=0',
  'eulab.profile=1',
];

/** What a boot without a command runs: nothing, as soon as a command could be. */
export const nothing = ['true'];

/** The machine with what it takes to see its time go by. Pure. */
export function profiled<Some extends Profilable>(machine: Some, log: string): Some {
  return { ...machine, cmdline: [...machine.cmdline, ...words], trace: { events: tracedEvents, file: traceFile(log) } };
}

type Profilable = Pick<Machine, 'cmdline' | 'trace' | 'kernel' | 'image' | 'accel' | 'memoryBytes' | 'cpus'>;

/**
 * Boots as often as wanted, one after the other, writes the timeline and shows it on stderr. The first boot has the user's
 * streams; later ones have an empty input, and their output goes nowhere. Returns the command's status: the first that is
 * not 0, which is also the last boot.
 *
 * @throws what `boot` throws; the timeline of a boot that fails is written all the same, as far as it came.
 */
export async function profile<Some extends Profilable>(wanted: Profile<Some>): Promise<number> {
  const boots: Boot[] = [];
  let kernel: string | undefined;
  try {
    while (boots.length < wanted.repeat) {
      const log = wanted.newLog();
      const streams = boots.length === 0 ? wanted.streams : noStreams();
      const one = { argv: wanted.argv, log, streams, machine: profiled(wanted.machine, log) };
      const code = await watched(one, wanted.boot, (boot, lines) => {
        boots.push(boot);
        kernel ??= release(lines);
      });
      if (code !== 0) return code;
    }
    return 0;
  } finally {
    const [first, ...others] = boots;
    if (first !== undefined) {
      const timeline = timelineOf(metaOf(wanted, kernel), [first, ...others]);
      save(wanted.files, timeline);
      process.stderr.write(`\n${timelineText(timeline, process.stderr.columns ?? 100)}\n`);
      process.stderr.write(`eulab: the timeline: ${wanted.files.json}, ${wanted.files.html}\n`);
    }
  }
}

/** One boot; `done` is told what was seen of it however it ends, as long as QEMU was started. */
async function watched<Some extends Profilable>(
  one: Omit<ProfiledBoot<Some>, 'onMoment'>,
  boot: Profile<Some>['boot'],
  done: (boot: Boot, console: ConsoleLog) => void,
): Promise<number> {
  const moments = new Map<Moment, number>();
  const consoles: ConsoleLog[] = [];
  const onMoment: ProfiledBoot<Some>['onMoment'] = (moment, said) => {
    moments.set(moment, performance.now());
    consoles.push(said);
  };
  try {
    return await boot({ ...one, onMoment });
  } finally {
    const [console] = consoles;
    if (console !== undefined) {
      const started = console.startedMs;
      const since = (ms: number | undefined) => (ms === undefined ? undefined : ms - started);
      const seen = {
        lines: console.lines(),
        trace: traceOf(one.log),
        startedMs: performance.timeOrigin + started,
        totalMs: performance.now() - started,
        commandMs: since(moments.get('command')),
        statusMs: since(moments.get('status')),
      };
      done(bootOf({ ...seen, format: formatOf(one.machine.kernel), levels: levelsOf(one.machine.image) }), console);
    }
  }
}

/** Empty when this QEMU was built without a trace that goes to a file. */
function traceOf(log: string): string {
  const file = traceFile(log);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

function traceFile(log: string): string {
  return `${log}.trace`;
}

function formatOf(kernel: string): 'bzImage' | 'ELF' {
  using file = openFile(kernel, { option: '--kernel', maker: 'eulab build kernel' });
  return Buffer.from(file.at(0, 4)).toString('latin1') === '\x7fELF' ? 'ELF' : 'bzImage';
}

/** From the System.map beside the kernel, named as `make install` and eulab name it. */
function levelsOf(kernel: string): ReadonlyMap<string, readonly string[]> {
  const file = join(dirname(kernel), basename(kernel).replace(/^(bzImage|vmlinuz|vmlinux)/, 'System.map'));
  return file !== kernel && existsSync(file) ? initcallLevels(readFileSync(file, 'latin1')) : new Map();
}

function release(console: ConsoleLog): string | undefined {
  return console
    .lines()
    .map(({ text }) => /Linux version (\S+)/.exec(text)?.[1])
    .find((found) => found !== undefined);
}

function metaOf<Some extends Profilable>({ machine, args, argv }: Profile<Some>, kernel = 'of unknown version'): Meta {
  return {
    kernel,
    accelerator: machine.accel,
    machine: args[args.indexOf('-machine') + 1] ?? '',
    memoryBytes: machine.memoryBytes,
    cpus: machine.cpus.count,
    cmdline: machine.cmdline.join(' '),
    command: argv.join(' '),
    eulab: version(),
  };
}

function noStreams(): Streams {
  const nowhere = () => new Writable({ write: (_chunk, _encoding, next) => next() });
  return { stdin: Readable.from([]), stdout: nowhere(), stderr: nowhere() };
}
