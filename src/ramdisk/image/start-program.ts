import type { ArchName } from '../../architectures.ts';
import { followed } from '../../links.ts';
import { bytesOf } from './bytes.ts';
import { elfImage } from './elf-image.ts';
import { clean } from './path.ts';

/** A file of the archive, as far as it matters. */
export interface Found {
  /** st_mode: type and permission bits. */
  readonly mode: number;
  readonly size: number;
  /** The first bytes of its content; a symlink's target. */
  readonly head: Uint8Array;
}

/** Whether the kernel could start a program of an archive. */
export interface Start {
  /** What is wrong, as the rest of a sentence that begins with the archive's name; undefined when nothing is. */
  readonly fault: string | undefined;
  /** The diagnosis that a boot would get. */
  readonly name?: string;
  /** Switches of the kernel's configuration without which it cannot. */
  readonly needs: readonly string[];
  /** What it is a program for, as `elfImage` says it: x86-64 also for one of 32 bits, arm64, riscv; undefined when that is not known. */
  readonly machine?: string;
}

/** The architectures as `elfImage` calls them. */
export const machineNames: Readonly<Record<ArchName, string>> = { x86_64: 'x86-64', aarch64: 'arm64', riscv64: 'riscv' };

const typeMask = 0o170000;
const folder = 0o040000;
const symlink = 0o120000;
const ordinary = 0o100000;
/** ENOEXEC comes at the fifth script that is run by a script. */
const mostScripts = 4;

/**
 * Whether a kernel of the program's own architecture could start `path` with these files and no others. Pure.
 *
 * `files` are those of the archive by their paths, without a slash at the beginning.
 *
 * @see execve(2), fs/binfmt_script.c, fs/binfmt_elf.c
 */
export function startOf(files: ReadonlyMap<string, Found>, path: string): Start {
  return startable(files, path, path, 0);
}

function startable(files: ReadonlyMap<string, Found>, path: string, first: string, scripts: number): Start {
  const place = target(files, path);
  const found = place === undefined ? undefined : files.get(place);
  const its = path === first ? `has an ${first} that` : `has an ${first} whose interpreter ${shown(path)}`;
  if (found === undefined) {
    if (path === first && !files.has(clean(path)))
      return bad('init-not-in-initramfs', `has no ${first}: the kernel would have nothing to start`);
    return bad(
      path === first ? 'init-not-in-initramfs' : 'init-interpreter-missing',
      path === first ? `${its} is a link to nothing in it` : `has an ${first} that needs ${shown(path)}, which is not in it`,
    );
  }
  const type = found.mode & typeMask;
  if (type === folder) return bad('init-not-executable', `has a folder at ${shown(path)}, where a program is to be`);
  if (type !== ordinary) return bad('init-not-executable', `${its} is no ordinary file`);
  if ((found.mode & 0o111) === 0) return bad('init-not-executable', `${its} is not executable`);
  // Of hard links, all but one come without content.
  if (found.size === 0) return { fault: undefined, needs: [] };
  const line = /^#![ \t]*([^ \t\n\0]+)/.exec(Buffer.from(found.head.subarray(0, 256)).toString('latin1'));
  if (line?.[1] !== undefined) {
    if (scripts >= mostScripts)
      return bad('init-interpreter-loop', `has an ${first} that is a script of a script of a script, and so on`);
    const inner = startable(files, line[1], first, scripts + 1);
    return { ...inner, needs: ['CONFIG_BINFMT_SCRIPT', ...inner.needs] };
  }
  return program(files, found, { its, first });
}

function program(files: ReadonlyMap<string, Found>, found: Found, { its, first }: { its: string; first: string }): Start {
  const elf = elfImage(bytesOf(found.head));
  if (elf === undefined) return bad('init-wrong-format', `${its} is neither an ELF program nor a script that begins with #!`);
  if (elf.kind !== 'program' && elf.kind !== 'library') return bad('init-wrong-format', `${its} is an ELF file, but no program`);
  const native = elf.bits === 64 ? 'CONFIG_BINFMT_ELF' : undefined;
  const needs = {
    'x86-64': native ?? 'CONFIG_X86_X32_ABI',
    'x86 (32 bit)': 'CONFIG_IA32_EMULATION',
    arm64: native,
    riscv: native,
  }[elf.machine];
  if (needs === undefined)
    return bad('init-wrong-format', `${its} is a program for ${elf.machine}, which eulab boots no kernels for`);
  const loader = elf.interpreter;
  if (loader !== undefined && loader !== '') {
    const place = target(files, loader);
    if (place === undefined || !files.has(place)) {
      return bad('init-interpreter-missing', `has an ${first} that needs the loader ${shown(loader)}, which is not in it`);
    }
  }
  return { fault: undefined, needs: [needs], machine: elf.machine.replace(/^x86.*/, 'x86-64') };
}

function bad(name: string, fault: string): Start {
  return { fault, name, needs: [] };
}

/** The path that a path leads to when all links are followed; undefined when they lead in a circle. */
function target(files: ReadonlyMap<string, Found>, path: string): string | undefined {
  return followed(clean(path), (place) => {
    const found = files.get(place);
    return found !== undefined && (found.mode & typeMask) === symlink ? Buffer.from(found.head).toString() : undefined;
  });
}

/** A carriage return at the end of a script's first line is part of the name, and not to be seen otherwise. */
function shown(path: string): string {
  return /[^ -~]/.test(path) ? JSON.stringify(path) : path;
}
