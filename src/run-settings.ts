import { Option } from 'commander';
import * as v from 'valibot';
import { grouped } from './grouped.ts';
import { absolute, duration, gdbWish, parsed, phaseLimit, positive, variable } from './option-parsers.ts';

/** The settings of what runs in the guest, how long it may, and how one looks at it: a part of the table of settings in config.ts. */
export const runSettings = {
  ...grouped('Machine:', {
    name: () =>
      new Option('--name <name>', 'what others call this machine by: eulab exec NAME (default: vm1, vm2, ...)')
        .env('EULAB_NAME')
        .argParser(
          parsed(
            v.pipe(v.string(), v.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'is no name: letters, digits, . _ -, at most 40')),
          ),
        ),
  }),
  ...grouped('Command:', {
    tty: () => new Option('-t, --tty', 'a terminal of its own for the command, of the size of yours'),
    env: () =>
      new Option(
        '-e, --env <name[=value]>',
        "a variable for the command; without a value, this environment's (repeatable)",
      ).argParser(variable),
    workdir: () => new Option('-w, --workdir <folder>', "the command's folder in the guest").argParser(absolute),
  }),
  ...grouped('Time:', {
    timeout: () =>
      new Option('--timeout <time>', 'end it after 500ms, 30s, 5m or 1h (status 124)').env('EULAB_TIMEOUT').argParser(duration),
    limit: () =>
      new Option('--limit <phase=time>', 'end it when a phase, or silence, takes longer (repeatable)').argParser(phaseLimit),
    warm: () =>
      new Option('--warm', 'start from a saved state of this very machine; the first time it is made')
        .env('EULAB_WARM')
        .conflicts('cold'),
    cold: () => new Option('--cold', 'boot, also when EULAB_WARM or a file of settings says --warm'),
    profileBoot: () =>
      new Option(
        '--profile-boot [file]',
        'show where the time goes, and write FILE.json and FILE.html (default: artifacts/timeline)',
      ),
    repeat: () => new Option('--repeat <n>', 'with --profile-boot: boot so often, and keep all times').argParser(positive(1000)),
    compare: () => new Option('--compare', 'name what got slower and faster between two timelines, A.json and B.json'),
  }),
  ...grouped('Debugging:', {
    gdb: () =>
      new Option('--gdb [port]', 'wait at the first instruction for gdb, on a port of 127.0.0.1 (0: any), else a private socket')
        .preset('unix' as const)
        .conflicts(['profileBoot', 'compare', 'warm'])
        .argParser(gdbWish),
    onPanic: () =>
      new Option('--on-panic <what>', 'when the guest panics: end, stop (for gdb), shell (QEMU monitor), dump (to --dump FILE)')
        .choices(['end', 'stop', 'shell', 'dump'] as const)
        .default('end' as const)
        .conflicts(['profileBoot', 'compare', 'warm'])
        .env('EULAB_ON_PANIC'),
    dump: () =>
      new Option('--dump <file>', "write the guest's memory there, for crash(8), at a panic and at the time limit").conflicts([
        'profileBoot',
        'compare',
        'warm',
      ]),
    outcome: () =>
      new Option(
        '--json <file>',
        'write how it ended to this file: status, diagnosis, phases; with --dry-run, --explain or --compare what they tell (-: stdout)',
      ).conflicts('profileBoot'),
  }),
} as const;
