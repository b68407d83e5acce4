import { EulabError, status } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Where a kernel's config starts from, and what is merged over it. */
export interface Profile {
  readonly name: string;
  readonly summary: string;
  /** The config targets of the kernel's Makefile, in order. */
  readonly base: string;
  /** Fragments in utils/kernel, merged in order. */
  readonly fragments: readonly string[];
}

/** The kernels that eulab knows how to make. */
export const profiles: readonly Profile[] = [
  {
    name: 'lab',
    summary: 'small, fast to build and to boot: virtio, ext4, 9p, IPv4/6, bridge, netfilter',
    base: 'tinyconfig',
    fragments: ['lab.config'],
  },
  {
    name: 'defconfig',
    summary: "the kernel's own default with its fragment for KVM guests",
    base: 'defconfig kvm_guest.config',
    fragments: [],
  },
  {
    name: 'debug',
    summary: 'lab with debug information, gdb scripts, lockdep and ftrace',
    base: 'tinyconfig',
    fragments: ['lab.config', 'debug.config'],
  },
  {
    name: 'net',
    summary: 'lab with what Linux has for networks: VLANs, bonds, tunnels, tc, nft and iptables',
    base: 'tinyconfig',
    fragments: ['lab.config', 'net.config'],
  },
  {
    name: 'tiny',
    summary: 'nothing but what tinyconfig has: to start from with a --fragment of your own',
    base: 'tinyconfig',
    fragments: [],
  },
];

/** The profile of that name. @throws EulabError (2) that lists the known ones. */
export function profile(name: string): Profile {
  const found = profiles.find((known) => known.name === name);
  if (found !== undefined) return found;
  const names = profiles.map((known) => known.name);
  const near = nearest(name, names);
  const hint = `${near === undefined ? '' : `did you mean ${near}? `}There are ${names.join(', ')}; a config of your own goes on top, with --fragment FILE`;
  throw new EulabError(`there is no kernel profile '${name}'`, { hint, exitCode: status.usage });
}
