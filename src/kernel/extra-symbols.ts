import { copyFile, mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { digest } from '../digest.ts';
import { EulabError, status } from '../errors.ts';
import { externalFolder, externalFolders } from './external.ts';

const beginning = 'KBUILD_EXTRA_SYMBOLS=';
const list = 'Module.symvers';

/**
 * A word for make as kbuild has to read it: where it names what other modules export (KBUILD_EXTRA_SYMBOLS), those are the lists in
 * the copies in which these modules were made; a list of another origin is copied to where a container sees it. Other words stay.
 *
 * @throws EulabError (2) for a module that was not made yet.
 * @see Documentation/kbuild/modules.rst, "Symbols From Another External Module"
 */
export async function extraSymbols(word: string, objects: string): Promise<string> {
  if (!word.startsWith(beginning)) return word;
  const paths = word
    .slice(beginning.length)
    .split(/\s+/)
    .filter((path) => path !== '');
  const origins = [...(await externalFolders(objects))];
  const found = await Promise.all(
    paths.map(async (path) => {
      const file = resolve(basename(path) === list ? path : join(path, list));
      const copy = origins.find(([, folder]) => folder === dirname(file))?.[0];
      if (copy !== undefined && (await there(join(copy, list)))) return join(copy, list);
      if (!(await there(file))) throw notMade(path, dirname(file));
      const place = join(objects, externalFolder, `${digest(file).slice(0, 8)}.symvers`);
      await mkdir(dirname(place), { recursive: true });
      await copyFile(file, place);
      return place;
    }),
  );
  return beginning + found.join(' ');
}

function notMade(path: string, folder: string): EulabError {
  return new EulabError(`${beginning}${path}: there is no list of what the module exports`, {
    hint: `make that module first, for the same kernel: eulab build kernel -- M=${folder}`,
    exitCode: status.usage,
  });
}

async function there(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
