/** The version in what `qemu -version` prints: major and minor; undefined when that is not QEMU's. Pure. */
export function versionOf(text: string): readonly [number, number] | undefined {
  const [, major, minor] = /^QEMU emulator version (\d+)\.(\d+)/m.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/** The names in what `qemu -machine help` prints. Pure. */
export function machineHelp(text: string): string[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => /^(\S+)\s/.exec(line)?.[1] ?? []);
}

/**
 * The models and features in what `qemu -cpu help` prints. Pure. The forms differ: `x86 NAME  (text)` with a list of
 * "Recognized CPUID flags" below, or a NAME alone, indented or not.
 */
export function cpuHelp(text: string): { models: string[]; features: string[] } {
  const [models = '', flags = ''] = text.split(/^Recognized CPUID flags:$/m);
  return {
    models: models
      .split('\n')
      .flatMap((line) => /^(?:x86 +| {2})([A-Za-z0-9_.-]+)|^([A-Za-z0-9_.-]+)$/.exec(line)?.slice(1).filter(Boolean) ?? []),
    features: flags.split(/\s+/).filter(Boolean),
  };
}
