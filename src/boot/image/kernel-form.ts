import { EulabError, status } from '../../errors.ts';
import type { CheckedKernel } from './kernel-check.ts';
import { kernelConfig } from './kernel-config.ts';
import { unpackedKernel } from './payload.ts';

/** In which form a kernel is given to QEMU. */
export interface BootedKernel {
  readonly path: string;
  readonly form: 'bzImage' | 'elf';
  /** A phrase that says why. */
  readonly why: string;
  /** Tries out RCU as it starts (CONFIG_PROVE_RCU); undefined when nobody knows. */
  readonly provesRcu?: boolean;
}

/** What the choice depends on. */
export interface FormChoice {
  readonly kernel: string;
  readonly wanted: 'auto' | 'bzimage' | 'elf';
  readonly accel: 'kvm' | 'tcg';
  readonly cache: string;
  readonly memoryBytes: number;
  /** The words that the user adds to the kernel's command line. */
  readonly words: readonly string[];
}

/**
 * The file to start a kernel from: the bzImage, or the ELF file in it, which needs not unpack itself under emulation.
 *
 * `auto` takes the ELF file under TCG, where that saves an eighth of a start or more, if KASLR was not asked for: it is
 * the bzImage's own code that places the kernel anywhere. `checked` undefined: what the kernel is, is not known.
 *
 * @throws EulabError (2) when `elf` is asked for and cannot be had, or the guest has less memory than the kernel needs at once.
 */
export async function bootedKernel(checked: CheckedKernel | undefined, choice: FormChoice): Promise<BootedKernel> {
  if (checked === undefined) return { path: choice.kernel, form: 'bzImage', why: 'it was not looked at' };
  const { reachBytes, ...chosen } = await chosenForm(checked, choice);
  if (reachBytes <= choice.memoryBytes) return chosen;
  const [needed, has] = [Math.ceil(reachBytes / mebibyte), Math.floor(choice.memoryBytes / mebibyte)];
  const message = `${choice.kernel} needs ${needed} MiB of memory to come up, and the guest has ${has} MiB`;
  const other = chosen.form === 'bzImage' ? ', or start the ELF file in it, which needs less: --kernel-form elf' : '';
  throw unfit(message, `give the guest more with --memory${other}`);
}

async function chosenForm(checked: CheckedKernel, choice: FormChoice): Promise<BootedKernel & { readonly reachBytes: number }> {
  const { kernel: path, wanted, accel, cache, words } = choice;
  const { form, reachBytes, payload, version } = checked.facts;
  const asGiven = (why: string) => ({ path, form, why, reachBytes });
  const refuse = (why: string) => {
    if (wanted === 'auto') return asGiven(why);
    throw unfit(`${path} cannot be started as an ELF file: ${why}`, 'boot it as it is: --kernel-form bzimage');
  };
  if (form === 'elf') {
    if (wanted !== 'bzimage') return asGiven('it is an ELF file');
    throw unfit(`${path} is an ELF file, and no bzImage`, 'name the bzImage with --kernel');
  }
  if (wanted === 'bzimage') return asGiven('asked for');
  if (wanted === 'auto' && accel === 'kvm') return asGiven('under KVM it unpacks itself in no time');
  if (wanted === 'auto' && words.some((word) => /(^|\s)kaslr(\s|$)/.test(word))) return asGiven('KASLR was asked for');
  if (!startable(version)) return refuse('kernels before Linux 5.0 can only be started so by Xen');
  const unpacked = await unpackedKernel(checked, cache);
  if (unpacked === undefined) return refuse(`its ${payload?.compression} data cannot be unpacked on this host`);
  if (!unpacked.pvh) return refuse('it has no PVH entry (CONFIG_PVH)');
  const config = kernelConfig(checked, cache);
  const sanitizer = sanitizers.find((symbol) => config?.value(symbol) === 'y');
  if (sanitizer !== undefined) return refuse(`its PVH entry would run before ${sanitizer} is ready for it`);
  const why = wanted === 'elf' ? 'asked for' : 'it need not unpack itself under emulation';
  const proof = config === undefined ? {} : { provesRcu: config.value('CONFIG_PROVE_RCU') === 'y' };
  return { path: unpacked.path, form: 'elf', why, reachBytes: unpacked.reachBytes, ...proof };
}

const mebibyte = 1024 * 1024;

/** Each puts checks into code that the PVH entry runs before there is memory to check against: the machine is reset. */
const sanitizers = ['CONFIG_KASAN', 'CONFIG_KCSAN', 'CONFIG_KMSAN'];

/** Before that, the PVH entry took Xen for granted. */
function startable(version: string | undefined): boolean {
  return Number.parseInt(version ?? '0', 10) >= 5;
}

function unfit(message: string, hint: string): EulabError {
  return new EulabError(message, { hint, exitCode: status.usage });
}
