import { typeOf } from './header.ts';
import type { Node } from './rootfs.ts';
import type { Survey } from './survey.ts';

/** What is different at one path between two images. */
export type Difference =
  | { readonly kind: 'removed' | 'added'; readonly path: string }
  | { readonly kind: 'changed'; readonly path: string; readonly what: readonly string[] };

/** What the guest would find different, path by path; times are not looked at. Pure. */
export function differences(before: Survey, after: Survey): Difference[] {
  const [left, right] = [before.rootfs.nodes, after.rootfs.nodes];
  const paths = [...new Set([...left.keys(), ...right.keys()])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return paths.flatMap((path): Difference[] => {
    const [a, b] = [left.get(path), right.get(path)];
    if (a === undefined) return [{ kind: 'added', path }];
    if (b === undefined) return [{ kind: 'removed', path }];
    const what = changes(a, b, (node, { digests }) => digests.get(node.ordinal ?? -1), before, after);
    return what.length === 0 ? [] : [{ kind: 'changed', path, what }];
  });
}

function changes(
  a: Node,
  b: Node,
  digestOf: (node: Node, survey: Survey) => string | undefined,
  before: Survey,
  after: Survey,
): string[] {
  const type = typeOf(a.mode);
  if (type !== typeOf(b.mode)) return [`${type} -> ${typeOf(b.mode)}`];
  const what: string[] = [];
  const put = (name: string, left: string | number, right: string | number) => {
    if (left !== right) what.push(`${name} ${left} -> ${right}`);
  };
  const octal = ({ mode }: Node) => (mode & 0o7777).toString(8);
  put('mode', octal(a), octal(b));
  put('owner', `${a.uid}:${a.gid}`, `${b.uid}:${b.gid}`);
  if (type === 'symlink') put('target', Buffer.from(a.head).toString(), Buffer.from(b.head).toString());
  if (type === 'file') {
    put('size', a.size, b.size);
    if (digestOf(a, before) !== digestOf(b, after)) what.push('content');
  }
  put('device', number(a), number(b));
  return what;
}

const number = ({ device }: Node) => (device === undefined ? '' : `${device.major}:${device.minor}`);
