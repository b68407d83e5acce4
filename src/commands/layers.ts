import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArchName, usualArch } from '../architectures.ts';
import { kernelFile, kernelInUse } from '../artifacts/kernel-names.ts';
import type { CheckedFiles } from '../boot/image/files.ts';
import { keep, payloadFolder, sizeOf, touch } from '../boot/image/kept.ts';
import { configOf } from '../boot/image/kernel-config.ts';
import { kernelFacts } from '../boot/image/kernel-image.ts';
import { plainImageVersion } from '../boot/machine/machine.ts';
import { EulabError, status } from '../errors.ts';
import { isEmpty, type Layer, layerOf, type Wish } from '../ramdisk/additions/layer.ts';
import { type Layout, layoutOf } from '../ramdisk/additions/layout.ts';
import { findModules, moduleFolder, noModuleFolder } from '../ramdisk/additions/module-folder.ts';
import { isFile, moduleLists } from '../ramdisk/additions/modules.ts';
import { type OpenFile, openFile } from '../ramdisk/image/file.ts';
import { vermagic } from '../ramdisk/vermagic.ts';
import type { Report } from '../report.ts';
import { fetching } from '../source/source.ts';
import { type Manner, shown } from '../ui.ts';
import { type Contents, withContents } from './contents.ts';

/** The kernel that the guest is to run, as far as it is known. */
export interface LayerKernel {
  readonly path: string;
  readonly version: string | undefined;
  readonly machine: string;
  /** What its machine has devices for. */
  readonly drivers: readonly string[];
  /** Which of the two lists of modules is written. */
  readonly list: keyof typeof moduleLists;
}

/** What getting packages takes, and who is told of it: somebody who shows it already, or the user. */
type Getting = { readonly cache: string; readonly signal: AbortSignal } & (
  | { readonly report: Report }
  | { readonly manner: Manner }
);

/**
 * What a user's options and a kernel's want of drivers put into an initramfs; its packages are unpacked then.
 *
 * @throws EulabError (2) for modules and packages that cannot be had.
 */
export async function wishOf(
  options: Contents & { readonly contents?: string | undefined },
  kernel: LayerKernel,
  getting: Getting,
): Promise<Wish> {
  const { add, overlay, program, package: packages, init, module, modules, service } = withContents(options);
  return {
    add: add ?? [],
    overlay: overlay ?? [],
    program: program ?? [],
    packages: await packagesOf(packages ?? [], kernel.machine, getting),
    init,
    service: service ?? [],
    modules: modulesOf(module ?? [], modules, kernel),
    machine: kernel.machine,
  };
}

async function packagesOf(names: readonly string[], machine: string, getting: Getting): Promise<Wish['packages']> {
  const said = `--package ${names.join(' --package ')}`;
  if (names.length === 0) return { said, unpacked: [] };
  const { debianPackages } = await import('../source/debian-packages.ts');
  const get = (report: Report) => debianPackages(names, machine, fetching({ ...getting, report }));
  return {
    said,
    unpacked: await ('report' in getting ? get(getting.report) : shown(getting.manner, ({ report }) => get(report))),
  };
}

function modulesOf(named: readonly string[], asked: string | undefined, kernel: LayerKernel): Wish['modules'] {
  const { path, version, drivers, list } = kernel;
  const wrong = (message: string, hint: string) => new EulabError(message, { hint, exitCode: status.usage });
  const [first] = named;
  if (asked === 'none') {
    if (first === undefined) return undefined;
    throw wrong(`--module ${first}: --modules none says that there are none`, 'leave one of them out');
  }
  if (version === undefined) {
    if (first === undefined) return undefined;
    throw wrong(
      `--module ${first}: the version of ${path} is not known`,
      'name a kernel that is a bzImage, or a plain Image: --kernel FILE',
    );
  }
  const found = findModules(path, version, asked);
  const away = 'name the folder that has modules.dep or modules.order: --modules DIR';
  if (found === undefined && asked !== undefined) throw wrong(`--modules ${asked}: it has no modules of Linux ${version}`, away);
  const byName = named.find((text) => !isFile(text.replace(/\s.*$/s, '')));
  if (found === undefined && byName !== undefined) {
    throw wrong(
      `--module ${byName}: there are no modules of Linux ${version}, neither beside ${path} nor in /lib/modules`,
      fileNamed(byName) ?? away,
    );
  }
  if (found === undefined && first === undefined) return undefined;
  // Files alone need no folder: hello.ko was built outside of the kernel's tree.
  const folder = found === undefined ? noModuleFolder(version) : moduleFolder(found, version);
  const config = first === undefined ? undefined : configOfKernel(kernel);
  const magic = config === undefined ? undefined : vermagic(version, config);
  return { named, drivers, folder, list: moduleLists[list], magic };
}

/** The hint for who left out the end of a file's name. */
function fileNamed(name: string): string | undefined {
  return existsSync(`${name}.ko`) ? `name the file: --module ${name}.ko` : undefined;
}

/** What goes on top of the initramfs of a boot; undefined for nothing. @throws EulabError as `layerOf`. */
export async function bootLayer(
  wish: Wish,
  {
    initrd,
    cache,
    checked,
    memoryBytes,
  }: {
    readonly initrd: string;
    readonly cache: string;
    readonly checked: CheckedFiles | undefined;
    readonly memoryBytes: number;
  },
): Promise<Layer | undefined> {
  if (isEmpty(wish)) return undefined;
  const layer = await layerOf(wish, await layoutIn(initrd, cache));
  if (layer.entries.length === 0) return undefined;
  const bytes = layer.bytes + (checked?.initramfs.facts.unpackedBytes ?? 0);
  // The archive and the files unpacked of it are in memory together; a tmpfs takes half of it at most.
  if (bytes > memoryBytes / 2) {
    const mebibytes = (count: number) => Math.ceil(count / 1024 / 1024);
    const what = `the initramfs has ${mebibytes(bytes)} MiB with what is added, may take half of the memory, and the guest has`;
    throw new EulabError(`${what} ${mebibytes(memoryBytes)} MiB`, {
      hint: 'give the guest more with --memory, or share a folder with it: --share',
      exitCode: status.usage,
    });
  }
  return layer;
}

/** The layout of an initramfs, which is read once and not again until it changes. */
async function layoutIn(initrd: string, cache: string): Promise<Layout> {
  using file = openFile(initrd, { option: '--initrd', maker: 'eulab build ramdisk' });
  const folder = payloadFolder(cache, `layout-${file.identity}`);
  const kept = join(folder, 'layout.json');
  if (sizeOf(kept) !== undefined) {
    touch(folder);
    return JSON.parse(readFileSync(kept, 'utf8'));
  }
  const layout = await layoutOf(entriesIn(file));
  keep(folder, { 'layout.json': Buffer.from(JSON.stringify(layout)) });
  return layout;
}

/** Its entries; what reads them is loaded once for each archive. @throws EulabError (2) when they are not to be known. */
async function* entriesIn(file: OpenFile) {
  const [{ entriesOf }, { Damage }] = await Promise.all([
    import('../ramdisk/image/read.ts'),
    import('../ramdisk/image/segments.ts'),
  ]);
  try {
    yield* entriesOf(file);
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    const hint = 'name another initramfs with --initrd, or boot without additions';
    throw new EulabError(`${file.path} ${error.message}`, { hint, exitCode: status.usage });
  }
}

/** The kernel that an initramfs is built for: the one that was named, else the one in artifacts/ if there is any. */
export function kernelFor(asked: string | undefined, artifacts: string, arch: ArchName): LayerKernel {
  const path = asked === undefined ? kernelInUse(artifacts, arch) : kernelFile(artifacts, asked);
  const nothing = { path, version: undefined, machine: arch, drivers: [], list: 'image' } as const;
  if (asked === undefined && !existsSync(path)) return nothing;
  if (arch !== usualArch) return { ...nothing, version: plainImageVersion(path) };
  try {
    using file = openFile(path, { option: '--kernel', maker: 'eulab build kernel' });
    return { ...nothing, version: kernelFacts(file, path).version };
  } catch (error) {
    // That the kernel in artifacts/ is none is no matter for who builds a ramdisk.
    if (asked === undefined && error instanceof EulabError) return nothing;
    throw error;
  }
}

/** The value of a symbol in the config beside a kernel; undefined when there is none. */
export function configOfKernel({ path, version }: LayerKernel): ((symbol: string) => string) | undefined {
  const places = [join(dirname(path), 'config'), join(dirname(path), `config-${version}`)];
  const file = places.find((place) => existsSync(place));
  if (file === undefined) return undefined;
  return configOf(readFileSync(file, 'latin1'), file).value;
}
