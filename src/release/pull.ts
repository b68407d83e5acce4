import { mkdir, readFile, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { archOf, toolchains, usualArch, variant } from '../architectures.ts';
import { archFolder, imageOf, kernelFolder, kernelNames, usualName } from '../artifacts/kernel-names.ts';
import { archIn, kernelOfKey, useKernel } from '../artifacts/kernels.ts';
import { lock } from '../artifacts/lock.ts';
import { lockName, type Manifest } from '../artifacts/manifest.ts';
import type { Provenance } from '../artifacts/provenance.ts';
import { current, manifestOf, stage } from '../artifacts/store.ts';
import { fileDigest } from '../digest.ts';
import { EulabError, status } from '../errors.ts';
import type { Report } from '../report.ts';
import { sha256For } from '../source/checksums.ts';
import { download } from '../source/download.ts';
import { getText, Refused } from '../source/http.ts';
import { fetching } from '../source/source.ts';
import type { Workspace } from '../workspace.ts';
import { noRelease, placeOf } from './members.ts';
import { unpack } from './unpack.ts';

/** A release that is to be brought. */
export interface PullRequest {
  /** A file, or an address of http or https. */
  readonly from: string;
  /** Its digest, from somebody who is trusted; undefined for the one that lies beside it. */
  readonly sha256: string | undefined;
  /** What the kernel is kept by; undefined for the name that it was released under. */
  readonly name: string | undefined;
  /** Take the place of another kernel of that name. */
  readonly force: boolean;
  readonly workspace: Workspace;
  readonly command: string;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** What was put in its place. */
export interface Pulled {
  readonly kernel: Manifest;
  readonly ramdisk: Manifest;
}

/**
 * Brings a release: the kernel, by its name and in use, and the ramdisk. All of it is checked before anything in artifacts/ changes.
 *
 * @throws EulabError (2) for a file that is not there; EulabError when it cannot be had, or is not what it says.
 */
export async function pull(request: PullRequest): Promise<Pulled> {
  const { workspace, command, report, signal } = request;
  const { artifacts } = workspace;
  const { file, digest } = await had(request);
  await using _kernel = await lock(join(artifacts, lockName('kernel')), command, { signal, report });
  const key = `release ${digest}`;
  const there = await inPlace(request, key);
  if (there !== undefined) return there;
  report({ kind: 'step', text: `checking ${basename(file)}` });
  await using unpacked = await stage(artifacts, 'kernel');
  const { members, kernel, ramdisk } = await unpack(file, unpacked.folder, signal);
  const name = request.name ?? nameOf(kernel);
  await free(request, name, kernel.outputs);
  const place = archFolder(artifacts, archIn({ inputs: factsOf(kernel) }));
  await mkdir(place, { recursive: true });
  await using _ramdisk = await lock(join(place, lockName('ramdisk')), command, { signal, report });
  await using kernelStage = await stage(kernelFolder(artifacts, name), 'kernel');
  await using ramdiskStage = await stage(place, 'ramdisk');
  const stages = { kernel: kernelStage, ramdisk: ramdiskStage };
  for (const member of members) {
    const product = placeOf(member);
    if (product !== 'kernel' && product !== 'ramdisk') continue;
    const place = join(stages[product].folder, member);
    await mkdir(dirname(place), { recursive: true });
    await rename(join(unpacked.folder, member), place);
  }
  const made = (record: Provenance) => ({ key, command, inputs: factsOf(record) });
  const ramdiskMade = await ramdiskStage.commit(made(ramdisk));
  await kernelStage.commit({ ...made(kernel), name });
  return { kernel: await useKernel(artifacts, name), ramdisk: ramdiskMade };
}

/** The release as a file of this machine, whose digest was checked if there is one to check it by. */
async function had(request: PullRequest): Promise<{ readonly file: string; readonly digest: string }> {
  const { from, workspace, report, signal } = request;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(from)) return await local(request);
  if (!/^https?:\/\//i.test(from) || !URL.canParse(from)) {
    throw new EulabError(`${from} is no address of http or https`, {
      hint: 'name a file, or write https://...',
      exitCode: status.usage,
    });
  }
  const ways = fetching({ cache: workspace.cache, report, signal });
  const digest = request.sha256 ?? (await besideIt(from, ways));
  const name = basename(new URL(from).pathname).replace(/[^\w.+-]/g, '-') || 'release.tar';
  return { file: await download({ url: from, sha256: digest, name }, ways), digest };
}

async function besideIt(url: string, ways: Parameters<typeof getText>[1]): Promise<string> {
  const name = basename(new URL(url).pathname);
  const list = new URL(url);
  list.pathname = `${list.pathname}.sha256`;
  const text = await getText(list.href, ways).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error;
    throw noDigest(url, `there is none beside it (${list.href}: HTTP status ${error.code})`);
  });
  const digest = sha256For(text, decodeURIComponent(name));
  if (digest === undefined) throw noDigest(url, `${list.href} names none of ${name}`);
  return digest;
}

function noDigest(url: string, why: string): EulabError {
  return new EulabError(`the digest of ${url} is not known: ${why}`, { hint: 'say it, as its maker told you: --sha256 HEX' });
}

async function local({ from, sha256: wanted }: PullRequest): Promise<{ readonly file: string; readonly digest: string }> {
  const file = resolve(from);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    const what = found === undefined ? 'there is no such file' : 'it is no file';
    throw new EulabError(`${from}: ${what}`, {
      hint: 'make a release with: eulab release; or name an address, https://...',
      exitCode: status.usage,
    });
  }
  const digest = await fileDigest(file);
  const beside = await readFile(`${file}.sha256`, 'utf8').catch(() => '');
  const expected = wanted ?? sha256For(beside, basename(file));
  if (expected === undefined || expected === digest) return { file, digest };
  const by = wanted === undefined ? `${file}.sha256` : '--sha256';
  throw noRelease(from, `its sha256 is ${digest}, and by ${by} it is ${expected}`);
}

/** What is there already of this release. */
async function inPlace({ workspace: { artifacts }, name, force }: PullRequest, key: string): Promise<Pulled | undefined> {
  const found = await kernelOfKey(artifacts, key, { name }).catch(() => undefined);
  const kernel = found === undefined ? undefined : await manifestOf(kernelFolder(artifacts, found), 'kernel');
  if (force || found === undefined || kernel === undefined) return undefined;
  const ramdisk = await current(archFolder(artifacts, archIn(kernel)), 'ramdisk', key).catch(() => undefined);
  if (ramdisk?.state !== 'current') return undefined;
  return { kernel: await useKernel(artifacts, found), ramdisk: ramdisk.manifest };
}

/** Checks that nobody's kernel is replaced by another. @throws EulabError (2) */
async function free(
  { workspace: { artifacts }, force }: PullRequest,
  name: string,
  outputs: Provenance['outputs'],
): Promise<void> {
  const image = imageOf([...outputs.keys()]);
  if (force || !kernelNames(artifacts).includes(name)) return;
  const there = await manifestOf(kernelFolder(artifacts, name), 'kernel');
  const same = there?.files.find(({ path }) => path === image)?.sha256 === outputs.get(image);
  if (same || there === undefined) return;
  throw new EulabError(`there is another kernel ${name}`, {
    hint: `keep this one by another name, with --name NAME; or take its place: --force`,
    exitCode: status.usage,
  });
}

/** The name that a kernel was built under. Pure. */
function nameOf({ asked, settled }: Provenance): string {
  const { name, profile, arch, toolchain } = asked;
  const end = variant(archOf(String(arch)) ?? usualArch, toolchains.find((one) => one === toolchain) ?? 'gcc');
  const said = typeof name === 'string' ? name : usualName(String(profile ?? 'kernel'), String(settled['version'] ?? ''), end);
  return (
    said
      .replace(/[^A-Za-z0-9._+-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 64) || 'pulled'
  );
}

/** Facts for people, out of a record. Pure. */
function factsOf({ product, asked, settled, inputs }: Provenance): Record<string, string> {
  const source = inputs.find(({ role }) => role === 'source');
  const facts = {
    source: source?.facts?.['origin'],
    version: settled['version'],
    digest: source?.digest?.['sha256'] ?? source?.digest?.['dirHash'] ?? source?.digest?.['gitTree'],
    verified: source?.facts?.['verified'],
    profile: product === 'kernel' ? asked['profile'] : undefined,
    arch: asked['arch'],
    toolchain: asked['toolchain'],
    engine: settled['engine'],
  };
  return Object.fromEntries(Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
}
