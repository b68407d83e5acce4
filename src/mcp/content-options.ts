import { addition, type Confinement, confined, nameOrPath } from './confine.ts';
import { repeated, texts } from './options.ts';

/** What a tool may say of what is in an initramfs beside eulab's own. */
export const contentEntries = {
  add: texts('SRC[:DST]: files, folders or patterns of the workspace, in the guest at DST; into DST when that ends with /'),
  overlay: texts("folders of the workspace, laid over the guest's root"),
  program: texts("programs of the host's by name, or of the workspace by path, with their libraries"),
  package: texts("Debian's packages by name, with all that they depend on"),
  module: texts('kernel modules by name, or files of the workspace; they are loaded first'),
};

type Contents = { readonly [Name in keyof typeof contentEntries]?: readonly string[] | undefined };

/** The same as options of eulab. @throws EulabError (2) for a path that leads elsewhere. */
export function contentOptions({ add, overlay, program, package: packages, module }: Contents, place: Confinement): string[] {
  const named = (one: string) => nameOrPath(one, place);
  return [
    ...repeated(
      'add',
      add?.map((one) => addition(one, place)),
    ),
    ...repeated(
      'overlay',
      overlay?.map((one) => confined(one, place)),
    ),
    ...repeated('program', program?.map(named)),
    ...repeated('package', packages?.map(named)),
    ...repeated('module', module?.map(named)),
  ];
}
