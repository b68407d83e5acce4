import { join } from 'node:path';
import type { Provenance } from '../artifacts/provenance.ts';
import { fileDigest } from '../digest.ts';
import { differences } from '../ramdisk/image/difference.ts';
import { type OpenFile, openFile } from '../ramdisk/image/file.ts';
import { shown } from '../ramdisk/image/path.ts';
import { survey } from '../ramdisk/image/survey.ts';
import type { Finding } from './finding.ts';
import { firstDifference, placeOf } from './place.ts';

/** So many entries of an initramfs are named. */
const mostEntries = 20;

/** The two builds: the files that are verified, and those that were made again. */
export interface Outputs {
  readonly folder: string;
  readonly again: string;
}

/** Which files came out the same, and where the others differ. A file that is not here is compared by its digest in the record. */
export async function compareOutputs(
  record: Provenance,
  again: Provenance,
  { folder, again: made }: Outputs,
): Promise<{ readonly same: readonly string[]; readonly findings: readonly Finding[] }> {
  const same: string[] = [];
  const findings: Finding[] = [];
  const found = (name: string, what: string) => findings.push({ kind: 'output', name, what });
  for (const name of new Set([...record.outputs.keys(), ...again.outputs.keys()])) {
    const [was, now] = [record.outputs.get(name), again.outputs.get(name)];
    const here = await fileDigest(join(folder, name)).catch(() => undefined);
    if (was === undefined) found(name, 'is not in the record, and was made again');
    else if (now === undefined) found(name, 'was not made again');
    else if (was === now && (here ?? now) === now) same.push(name);
    else if (here === undefined) found(name, 'is not here; what was made again has another digest than the record says');
    else {
      const kind = was === now ? 'changed' : 'output';
      findings.push(...(await located(join(folder, name), join(made, name), { kind, name })));
    }
  }
  return { same, findings };
}

async function located(here: string, again: string, where: Pick<Finding, 'kind' | 'name'>): Promise<Finding[]> {
  const purpose = { option: '--name', maker: 'eulab build' };
  using a = openFile(here, purpose);
  using b = openFile(again, purpose);
  if (firstDifference(a, b) === undefined) return [{ ...where, what: 'is the same again, but not what the record says' }];
  if (!where.name.startsWith('initramfs')) return [{ ...where, what: placeOf(where.name, a, b) }];
  return await entries(a, b, where);
}

/** What is different in an archive, entry by entry; the offset, when the guest would find no difference. */
async function entries(a: OpenFile, b: OpenFile, where: Pick<Finding, 'kind' | 'name'>): Promise<Finding[]> {
  const offset = `from offset ${firstDifference(a, b)}`;
  try {
    const list = differences(await survey(a, { digest: true }), await survey(b, { digest: true }));
    if (list.length === 0) return [{ ...where, what: `the same files, packed in another way, ${offset}` }];
    const first = list.slice(0, mostEntries).map((one): Finding => {
      const what =
        one.kind === 'changed' ? one.what.join(', ') : one.kind === 'added' ? 'was not in it' : 'is not in it any more';
      return { ...where, name: `${where.name}: /${shown(one.path)}`, what };
    });
    const rest = list.length - first.length;
    return rest === 0 ? first : [...first, { ...where, what: `and ${rest} entries more` }];
  } catch (error) {
    // A damaged image has no entries to compare.
    return [{ ...where, what: `${error instanceof Error ? error.message : String(error)}; ${offset}` }];
  }
}
