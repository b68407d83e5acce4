import type { Check } from './errors.ts';

/** Debian's package for each program that eulab calls, where the names differ or a user could not guess it. */
const packages: Readonly<Record<string, string>> = {
  'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
  'apt-cache': 'apt',
  'apt-config': 'apt',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  dnsmasq: 'dnsmasq-base',
  flock: 'util-linux',
  gcc: 'build-essential',
  gpg: 'gnupg',
  ip: 'iproute2',
  'ld.lld': 'lld',
  'llvm-ar': 'llvm',
  mke2fs: 'e2fsprogs',
  'musl-gcc': 'musl-tools',
  'qemu-img': 'qemu-utils',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-riscv64': 'qemu-system-misc opensbi',
  'qemu-system-x86_64': 'qemu-system-x86',
  nft: 'nftables',
  'riscv64-linux-gnu-gcc': 'gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
  sysctl: 'procps',
  unshare: 'util-linux',
  xz: 'xz-utils',
};

/** The line of `eulab doctor` for the programs that have one. */
const checks: Readonly<Record<string, Check>> = {
  bison: 'toolchain',
  bc: 'toolchain',
  ccache: 'ccache',
  dnsmasq: 'net-tools',
  flex: 'toolchain',
  flock: 'lab',
  gcc: 'toolchain',
  gdb: 'gdb',
  ip: 'net-tools',
  make: 'toolchain',
  mke2fs: 'disks',
  'musl-gcc': 'toolchain',
  podman: 'podman',
  'qemu-img': 'disks',
  'qemu-system-aarch64': 'qemu',
  'qemu-system-riscv64': 'qemu',
  'qemu-system-x86_64': 'qemu',
};

/** The package that brings a program, and what it is of no use without. Pure. */
export function packageOf(program: string): string {
  return packages[program] ?? program;
}

/** The line of `eulab doctor` that tells of a program. Pure. */
export function checkOf(program: string): Check | undefined {
  return checks[program];
}
