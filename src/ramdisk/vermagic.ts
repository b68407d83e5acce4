/** The words that may follow the version, in their order. Others, such as a seed of RANDSTRUCT, no config tells. */
const known = ['SMP', 'preempt', 'preempt_rt', 'mod_unload', 'modversions'];

/**
 * What a kernel wants its modules to say of themselves, as its config has it: "6.1.192-lab SMP mod_unload". Pure; `value` gives the
 * value of a CONFIG_ symbol.
 *
 * @see include/linux/vermagic.h
 */
export function vermagic(version: string, value: (symbol: string) => string): string {
  const on = (symbol: string) => value(`CONFIG_${symbol}`) === 'y';
  const words: Readonly<Record<string, boolean>> = {
    SMP: on('SMP'),
    // Older kernels know CONFIG_PREEMPT alone.
    preempt: !on('PREEMPT_RT') && (on('PREEMPT_BUILD') || on('PREEMPT')),
    preempt_rt: on('PREEMPT_RT'),
    mod_unload: on('MODULE_UNLOAD'),
    modversions: on('MODVERSIONS'),
  };
  return [version, ...known.filter((word) => words[word])].join(' ');
}

/** True when the kernel would take a module of this vermagic, as far as is known: of a kernel maybe no more than its version. Pure. */
export function fits(module: string, kernel: { readonly version: string; readonly magic: string | undefined }): boolean {
  const words = module.split(' ');
  if (kernel.magic === undefined) return words[0] === kernel.version;
  return words.filter((word, index) => index === 0 || known.includes(word)).join(' ') === kernel.magic;
}
