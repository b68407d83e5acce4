import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { usualArch } from '../../architectures.ts';
import { manifestName } from '../../artifacts/manifest.ts';
import { show } from '../../command.ts';
import { EulabError, isErrno, status } from '../../errors.ts';
import { kernelArch } from '../machine/machine.ts';
import { type GdbPlace, gdbCommand, type Stub, type Symbols } from './debug.ts';
import { compressed, hasBuildId, imageVersion, type ReadPlaces, vmlinuxFacts } from './vmlinux.ts';

/** What `--gdb` was given: a port (0 for any that is free), or nothing: a socket. */
export type GdbWish = number | 'unix';

/**
 * The place for gdb's stub: the wished-for port, or a socket in the machine's private folder.
 *
 * @throws EulabError (2) when something else listens on that port.
 */
export async function gdbPlace(wish: GdbWish): Promise<GdbPlace> {
  if (wish === 'unix') return { kind: 'unix' };
  return { kind: 'tcp', port: await bindable(wish) };
}

async function bindable(port: number): Promise<number> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  } catch (error) {
    if (!isErrno(error)) throw error;
    const what = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
    throw new EulabError(`--gdb ${port}: port ${port} of 127.0.0.1 ${what}`, {
      hint: 'choose another, or any that is free with --gdb 0, or a private socket with --gdb alone',
      exitCode: status.usage,
    });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** The lines that tell how to come in with gdb: the call, fit to paste, and what it will lack. */
export function gdbLines(stub: Stub, kernel: string, when: 'start' | 'panic'): string[] {
  const { symbols, lacks } = symbolsOf(kernel);
  // Debian's gdb knows this machine's architecture alone.
  const program = kernelArch(kernel, 'auto') === usualArch ? {} : { file: 'gdb-multiarch' };
  return [show({ ...gdbCommand(stub, symbols, when), ...program }), ...lacks];
}

/** The call of crash(8) for a dump of this kernel's memory, and what it will lack. */
export function crashLines(kernel: string, dump: string): string[] {
  const { symbols, lacks } = symbolsOf(kernel);
  if (symbols.vmlinux === undefined) return [...lacks];
  return [show({ file: 'crash', args: [symbols.vmlinux, dump] }), ...lacks];
}

/** The symbols for a kernel, and sentences on what is missing from them. */
export interface Found {
  readonly symbols: Symbols;
  readonly lacks: readonly string[];
}

const rebuild = 'eulab build kernel --profile debug makes both';

/** Looks for the vmlinux beside a kernel (or takes the kernel itself, when it is one), and whether the two belong together. */
export function symbolsOf(kernel: string): Found {
  const image = realpathSync(kernel);
  const folder = dirname(image);
  const file = join(folder, 'vmlinux');
  const none = (why: string): Found => ({ symbols: { vmlinux: undefined, scripts: undefined }, lacks: [why] });
  const kernelFacts = using(image, vmlinuxFacts);
  const vmlinux = kernelFacts === undefined ? file : image;
  const facts = kernelFacts ?? using(file, vmlinuxFacts);
  if (facts === undefined) {
    return none(
      existsSync(file) ? `${file} is no vmlinux` : `there is no vmlinux beside ${image}, and so no symbols: ${rebuild}`,
    );
  }
  if (vmlinux !== image && !belongs(image, file)) {
    return none(`${file} does not belong to ${image}: it is of another build, and its symbols would mislead`);
  }
  const scripts = existsSync(join(folder, 'vmlinux-gdb.py')) ? folder : undefined;
  return { symbols: { vmlinux, scripts }, lacks: lacking(vmlinux, facts.debugInfo, scripts) };
}

function lacking(vmlinux: string, debugInfo: boolean, scripts: string | undefined): string[] {
  if (!debugInfo) return [`${vmlinux} has no debug information, so no source lines and no types: ${rebuild}`];
  const lacks = [];
  if (scripts === undefined)
    lacks.push(`no vmlinux-gdb.py lies beside ${vmlinux}: lx-dmesg and its kin are not there (CONFIG_GDB_SCRIPTS)`);
  const source = sourceFolder(dirname(vmlinux));
  if (source !== undefined && !existsSync(source)) {
    lacks.push(`the source is no longer at ${source}; where it is, tell gdb: set substitute-path ${source} FOLDER`);
  }
  return lacks;
}

/** The folder that the kernel beside this manifest was compiled in, by which gdb looks for source lines. */
function sourceFolder(folder: string): string | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, manifestName('kernel')), 'utf8'));
    return typeof manifest.inputs.folder === 'string' ? manifest.inputs.folder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a vmlinux is the one that was compressed into a bzImage: by its build id, where the compression lets us see that,
 * and by the version. What cannot be told counts as yes.
 */
function belongs(image: string, vmlinux: string): boolean {
  const facts = using(vmlinux, vmlinuxFacts);
  return (
    using(image, (file) => {
      const version = imageVersion(file);
      if (version !== undefined && facts?.version !== undefined && version !== facts.version) return false;
      const packed = compressed(file);
      if (facts?.buildId === undefined || packed === undefined || packed.kind === 'other') return true;
      const bytes = file.at(packed.offset, packed.bytes);
      // The length that the build appends to other formats is gzip's own trailer.
      return hasBuildId(packed.kind === 'gzip' ? gunzipSync(bytes) : bytes, facts.buildId);
    }) ?? true
  );
}

/** What is found out about a file; undefined when it cannot be read. */
function using<Found>(path: string, look: (file: ReadPlaces) => Found): Found | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const at = (offset: number, bytes: number) => {
      const buffer = new Uint8Array(bytes);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, bytes, offset));
    };
    return look({ length: fstatSync(descriptor).size, at });
  } finally {
    closeSync(descriptor);
  }
}
