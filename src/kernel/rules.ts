/** What is known of a tree while its rules are counted. */
interface Tree {
  /** The text of a file of the tree; undefined when there is none. */
  readonly read: (path: string) => string | undefined;
  /** The value of a symbol, without CONFIG_: "y", "m", "" when it is off, or another value. */
  readonly value: (symbol: string) => string;
  /** The architecture's folder in arch/. */
  readonly arch: string;
}

/**
 * About how many lines kbuild will print for a whole build, by the rules in the tree's Makefiles: each object, each folder's archive,
 * and what every build makes beside them. Not exact: no make is run, and what a Makefile computes is not seen. Pure but for `read`.
 *
 * @see Documentation/kbuild/makefiles.rst
 */
export function rules(tree: Tree): number {
  const seen = new Set<string>();
  const visit = (folder: string): number => {
    if (seen.has(folder)) return 0;
    seen.add(folder);
    const text = tree.read(`${folder}Kbuild`) ?? tree.read(`${folder}Makefile`);
    return text === undefined ? 0 : 1 + counted(variables(text, tree), folder, visit);
  };
  // Older trees name their folders in the Makefile above all.
  const top = variables(`${tree.read('Kbuild') ?? ''}\n${tree.read('Makefile') ?? ''}`, tree);
  const arch = `arch/${tree.arch}/`;
  const own = variables(tree.read(`${arch}Makefile`) ?? '', tree);
  return beside + counted(top, '', visit) + counted(own, '', visit) + visit(arch) + visit(`${arch}boot/`);
}

/** Generated headers, programs for the host, the parts of the boot loader's header, the links of vmlinux. */
const beside = 190;

/** The lists of objects and folders, as kbuild and the Makefiles above it name them. */
const lists = /^(?:obj|lib|core|drivers|net|libs|virt|setup|vmlinux-objs)-([ym])$/;

type Variables = ReadonlyMap<string, readonly string[]>;

/** The objects in the lists of a Makefile and, by `visit`, in the folders that they name. */
function counted(variables: Variables, folder: string, visit: (folder: string) => number): number {
  const made = new Set<string>();
  const members = (name: string): number => {
    if (made.has(name)) return 0;
    made.add(name);
    const parts = ['y', 'm', 'objs']
      .flatMap((end) => variables.get(`${name}-${end}`) ?? [])
      .filter((word) => word.endsWith('.o'));
    // What is put together of others needs a call of the linker of its own.
    return parts.reduce((sum, part) => sum + members(part.slice(0, -2)), 1);
  };
  const words = [...variables].flatMap(([name, list]) => (lists.test(name) ? list : []));
  return words.reduce((sum, word) => {
    if (word.endsWith('/')) return sum + visit(normal(`${folder}${word}`));
    return word.endsWith('.o') ? sum + members(word.slice(0, -2)) : sum;
  }, 0);
}

/** "a/b/../c/" as "a/c/". */
function normal(path: string): string {
  return path.replace(/[^/]+\/\.\.\//g, '');
}

/** What the variables of a Makefile are, with this config; of each condition that no config decides, the first part counts. */
function variables(text: string, { value, arch }: Tree): Variables {
  const found = new Map<string, readonly string[]>();
  const open: boolean[] = [];
  for (const raw of text.replaceAll('\\\n', ' ').split('\n')) {
    const line = raw.replace(/#.*/, '').trim();
    const expanded = line
      .replace(/\$\(subst m,y,\$\(CONFIG_(\w+)\)\)/g, (_, symbol: string) => value(symbol).replace('m', 'y'))
      .replace(/\$[({]CONFIG_(\w+)[)}]/g, (_, symbol: string) => value(symbol))
      .replace(/\$[({](?:SRCARCH|ARCH)[)}]/g, arch)
      .replace(/\$[({]BITS[)}]/g, value('64BIT') === 'y' ? '64' : '32');
    const [, word, rest = ''] = /^(ifn?def|ifn?eq|else|endif)\b\s*(.*)$/.exec(line) ?? [];
    if (word === 'endif') open.pop();
    else if (word === 'else') open.push(open.pop() === false);
    else if (word === 'ifdef' || word === 'ifndef') open.push((value(rest.replace('CONFIG_', '')) !== '') === (word === 'ifdef'));
    else if (word !== undefined) open.push(equal(expanded) === (word === 'ifeq'));
    const [, name, how, list = ''] = /^([\w-]+)\s*(\+|:|\?)?=\s*(.*)$/.exec(expanded) ?? [];
    if (word !== undefined || name === undefined || open.includes(false)) continue;
    const words = list.split(/\s+/).filter((each) => each !== '');
    found.set(name, how === '+' ? [...(found.get(name) ?? []), ...words] : words);
  }
  return found;
}

/** Whether the two sides of an ifeq are the same; as the word wants it when they are not to be known. */
function equal(line: string): boolean {
  const [, left = '', right = ''] = /\((.*?),(.*)\)/.exec(line) ?? [];
  if (/[$]/.test(left + right)) return line.startsWith('ifeq');
  return left.trim() === right.trim();
}
