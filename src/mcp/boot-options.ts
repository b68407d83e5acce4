import * as v from 'valibot';
import { type Confinement, confined, nameOrPath } from './confine.ts';
import { contentEntries, contentOptions } from './content-options.ts';
import { repeated, said, texts } from './options.ts';

const size = v.pipe(v.string(), v.regex(/^\d+[KMGkmg]?$/, 'is no size such as 512M'));
const disk = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(:(snapshot|ro))?$/, 'is no disk of the workspace, NAME or NAME:snapshot'),
);
const net = v.pipe(
  v.string(),
  v.regex(/^(none|user|bridge|lab:[A-Za-z0-9._-]+)$/, 'is none of none, user, bridge and lab:NAME'),
  v.description('none, user (the default: the Internet by way of this host), bridge, or lab:NAME, which machines share'),
);

/** What a tool may say of a machine. Files are those of the workspace; what would lend the guest a part of this host is not here. */
export const machineEntries = {
  kernel: v.optional(
    v.pipe(v.string(), v.description('a name (see kernels), or a bzImage of the workspace; default: the one in use')),
  ),
  initrd: v.optional(v.pipe(v.string(), v.description("an initramfs of the workspace; default: the workspace's own"))),
  append: texts("words for the end of the kernel's command line"),
  memory: v.optional(v.pipe(size, v.description('default: 512M'))),
  cpus: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255))),
  accel: v.optional(v.pipe(v.picklist(['auto', 'kvm', 'tcg']), v.description('default: auto'))),
  net: v.optional(v.array(net)),
  disk: v.optional(v.pipe(v.array(disk), v.description('disks of the workspace, NAME or NAME:snapshot'))),
  root: v.optional(v.pipe(disk, v.description('a disk to boot into'))),
  ...contentEntries,
};

const machine = v.strictObject(machineEntries);

/** The options of `eulab boot` for a machine. @throws EulabError (2) for a path that leads elsewhere. */
export function machineOptions(wanted: v.InferOutput<typeof machine>, place: Confinement): string[] {
  const { kernel, initrd, append, net: nets, disk: disks, add, overlay, program, package: packages, module, ...rest } = wanted;
  return [
    ...said({
      kernel: kernel === undefined ? undefined : nameOrPath(kernel, place),
      initrd: initrd === undefined ? undefined : confined(initrd, place),
      ...rest,
    }),
    ...repeated('append', append),
    ...repeated('net', nets),
    ...repeated('disk', disks),
    ...contentOptions({ add, overlay, program, package: packages, module }, place),
  ];
}

const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of a variable'));

/** What a tool may say of a command in a guest. */
export const commandEntries = {
  command: v.pipe(
    v.array(v.string()),
    v.minLength(1, 'has no word'),
    v.description('the program and its arguments, word by word; for a line of the shell: ["sh", "-c", LINE]'),
  ),
  env: v.optional(v.record(variable, v.string())),
  workdir: v.optional(v.pipe(v.string(), v.regex(/^\//, 'is no absolute path'), v.description('in the guest'))),
  stdin: v.optional(v.pipe(v.string(), v.description('empty unless given'))),
  timeoutSeconds: v.optional(
    v.pipe(v.number(), v.minValue(1), v.maxValue(86_400), v.description('then it is ended, with status 124 (default: 120)')),
    120,
  ),
  maxOutputBytes: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(1024),
      v.maxValue(4 * 2 ** 20),
      v.description('of each stream: its beginning and its end (default: 65536)'),
    ),
    65_536,
  ),
};

const command = v.strictObject(commandEntries);

/** The options by which `boot` and `exec` get a command's environment and folder. Pure. */
export function commandOptions({ env = {}, workdir }: Pick<v.InferOutput<typeof command>, 'env' | 'workdir'>): string[] {
  return [...said({ workdir }), ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`)];
}
