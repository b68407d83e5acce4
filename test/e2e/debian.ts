import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, program } from '../eulab.ts';

/**
 * The files of Debian's packages for another architecture, unpacked into a folder of the cache: apt with lists of its own
 * fetches them, and nothing of the host's packages changes.
 */
export async function foreignPackages(architecture: string, names: readonly string[]): Promise<string> {
  const place = join(cache, 'tests', `debian-${architecture}-${names.join('+')}`);
  if (existsSync(place)) return place;
  const work = `${place}.${process.pid}`;
  for (const folder of ['lists/partial', 'archives/partial', 'debs', 'files']) mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'status'), '');
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures::': architecture,
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': work,
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const apt = async (file: string, ...args: string[]) => {
    const { status, stdout, stderr } = await program(file, [...options, ...args], { cwd: join(work, 'debs') });
    if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
    return stdout.toString();
  };
  await apt('apt-get', 'update');
  for (const name of names) {
    // A package without files of its own stands for the newest of its kind.
    const newest = /^\s*Depends: (linux-image-\d\S*)$/m.exec(await apt('apt-cache', 'depends', name))?.[1];
    await apt('apt-get', 'download', newest ?? name);
  }
  for (const deb of readdirSync(join(work, 'debs'))) {
    await program('dpkg-deb', ['--extract', join(work, 'debs', deb), join(work, 'files')]);
  }
  renameSync(join(work, 'files'), place);
  rmSync(work, { recursive: true, force: true });
  return place;
}

/** The only file below a folder whose name begins so. */
export function fileIn(folder: string, beginning: string): Buffer {
  const name = readdirSync(folder).find((entry) => entry.startsWith(beginning));
  if (name === undefined) throw new Error(`${folder} has no ${beginning}*`);
  return readFileSync(join(folder, name));
}
