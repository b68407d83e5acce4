import { usualArch } from '../architectures.ts';
import type { BootFiles, CheckedFiles } from '../boot/image/files.ts';
import { driversOf } from '../boot/machine/drivers.ts';
import type { Drive } from '../boot/machine/drives.ts';
import { plainImageVersion } from '../boot/machine/machine.ts';
import type { Nic } from '../boot/machine/nic.ts';
import type { Layer } from '../ramdisk/additions/layer.ts';
import { findModules } from '../ramdisk/additions/module-folder.ts';
import type { Manner } from '../ui.ts';
import type { Options } from './boot-options.ts';

/** A boot whose initramfs may be added to. */
export interface LayeredBoot extends BootFiles {
  readonly checked: CheckedFiles | undefined;
  readonly net: readonly Nic[];
  readonly drives: readonly Drive[];
  readonly signal: AbortSignal;
  readonly manner: Manner;
}

/**
 * What is added to the initramfs of a boot: what the options say, and the drivers that this kernel has as modules. Undefined for
 * nothing; what it takes is loaded only then.
 *
 * @throws EulabError (2) for what cannot be added.
 */
export async function layerFor(options: Options, boot: LayeredBoot): Promise<Layer | undefined> {
  const { add, overlay, program, package: packages, init, module, modules, service, contents } = options;
  const said = [add, overlay, program, packages, init, module, service, contents].some((value) => value !== undefined);
  const version = boot.arch === usualArch ? boot.checked?.kernel?.facts.version : plainImageVersion(boot.kernel);
  const drivers = version !== undefined && modules !== 'none' && findModules(boot.kernel, version, modules) !== undefined;
  if (!said && !drivers && (modules === undefined || modules === 'none')) return undefined;
  const { bootLayer, wishOf } = await import('./layers.ts');
  const kernel = { path: boot.kernel, version, machine: boot.arch, drivers: driversFor(options, boot), list: 'boot' } as const;
  return await bootLayer(await wishOf(options, kernel, boot), boot);
}

function driversFor({ machine, rng, share, cwd, vsock }: Options, { net, drives }: LayeredBoot): string[] {
  return driversOf({
    bus: machine === 'microvm' ? 'mmio' : 'pci',
    cards: net.map(({ model }) => model),
    dhcp: net.some(({ guest }) => guest.addresses === 'dhcp'),
    disks: drives.length > 0,
    shares: share !== undefined || cwd === true,
    rng,
    vsock: vsock !== undefined,
  });
}
