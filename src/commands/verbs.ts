import type { CommandUnknownOpts } from 'commander';
import type { Context } from './context.ts';

/** A verb as the help of eulab lists it; what it has is loaded when it is called. */
export interface Verb {
  readonly name: string;
  readonly group: string;
  readonly summary: string;
  /** Not for people. */
  readonly hidden?: true;
  readonly load: () => Promise<(context: Context) => CommandUnknownOpts>;
}

/** The verbs, in the order of the help. Each is loaded when it is called: `eulab --help` waits for none of them. */
export const verbs: readonly Verb[] = [
  {
    name: 'build',
    group: 'Build:',
    summary: 'build the kernel or the ramdisk',
    load: async () => (await import('./build.ts')).build,
  },
  {
    name: 'kernels',
    group: 'Build:',
    summary: 'the kernels of the workspace: list, use, remove',
    load: async () => (await import('./kernels.ts')).kernels,
  },
  {
    name: 'image',
    group: 'Build:',
    summary: 'the container image that builds run in',
    load: async () => (await import('./image.ts')).image,
  },
  {
    name: 'verify',
    group: 'Build:',
    summary: 'build again from the record, and compare byte by byte',
    load: async () => (await import('./verify.ts')).verify,
  },
  {
    name: 'release',
    group: 'Build:',
    summary: 'kernel and ramdisk as one file that others boot from',
    load: async () => (await import('./release.ts')).release,
  },
  {
    name: 'pull',
    group: 'Build:',
    summary: 'bring a release, and put it in place',
    load: async () => (await import('./pull.ts')).pull,
  },
  {
    name: 'boot',
    group: 'Boot:',
    summary: 'boot: a shell, or one command and its status',
    load: async () => (await import('./boot.ts')).boot,
  },
  {
    name: 'ps',
    group: 'Boot:',
    summary: 'the machines that run',
    load: async () => (await import('./ps.ts')).ps,
  },
  {
    name: 'exec',
    group: 'Boot:',
    summary: 'run a command in a running machine',
    load: async () => (await import('./exec.ts')).exec,
  },
  {
    name: 'console',
    group: 'Boot:',
    summary: 'the console of a running machine',
    load: async () => (await import('./console.ts')).console,
  },
  {
    name: 'stop',
    group: 'Boot:',
    summary: 'switch a running machine off',
    load: async () => (await import('./stop.ts')).stop,
  },
  {
    name: 'disk',
    group: 'What machines use:',
    summary: 'disks for the guest: create, list, remove',
    load: async () => (await import('./disk.ts')).disk,
  },
  {
    name: 'net',
    group: 'What machines use:',
    summary: "the host's network for machines: up, down, status",
    load: async () => (await import('./net.ts')).net,
  },
  {
    name: 'ramdisk',
    group: 'Look and tidy:',
    summary: 'look inside any initramfs: list, show, extract, compare, explain',
    load: async () => (await import('./ramdisk.ts')).ramdisk,
  },
  {
    name: 'doctor',
    group: 'Look and tidy:',
    summary: 'what this host lacks for all that, and what mends it',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'clean',
    group: 'Look and tidy:',
    summary: 'remove what eulab made, and nothing else',
    load: async () => (await import('./clean.ts')).clean,
  },
  {
    name: 'config',
    group: 'Settings and help:',
    summary: 'the settings of files and environment: show, check, schema',
    load: async () => (await import('./config.ts')).config,
  },
  {
    name: 'schema',
    group: 'Programs:',
    summary: 'what --json and --events give, as JSON Schema',
    load: async () => (await import('./schema.ts')).schema,
  },
  {
    name: 'mcp',
    group: 'Programs:',
    summary: 'tools for programs that write code: the Model Context Protocol',
    load: async () => (await import('./mcp.ts')).mcp,
  },
  {
    name: 'explain',
    group: 'Settings and help:',
    summary: 'what initramfs, newc, pid1, tap and other words mean, and how to see it',
    load: async () => (await import('./topic.ts')).explain,
  },
  {
    name: 'learn',
    group: 'Settings and help:',
    summary: 'ten short labs, with the real thing',
    load: async () => (await import('./learn.ts')).learn,
  },
  {
    name: 'completion',
    group: 'Settings and help:',
    summary: 'what has a shell complete the words of eulab',
    load: async () => (await import('./completion.ts')).completion,
  },
  {
    name: 'man',
    group: 'Settings and help:',
    summary: 'manual pages: of a command, or all to a folder',
    load: async () => (await import('./man.ts')).man,
  },
  {
    name: 'complete',
    group: 'Settings and help:',
    summary: 'what could stand there, for shells',
    hidden: true,
    load: async () => (await import('./complete.ts')).complete,
  },
];

/** The verbs that have settings in files, each in a table of its name. */
export const tables: readonly string[] = verbs
  .map(({ name }) => name)
  .filter((name) => !['config', 'schema', 'mcp', 'explain', 'learn', 'completion', 'man', 'complete'].includes(name));
