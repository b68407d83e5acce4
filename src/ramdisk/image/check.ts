import { EulabError } from '../../errors.ts';
import type { Report } from '../../report.ts';
import { openFile } from './file.ts';
import { inspect } from './inspect.ts';

/**
 * Reads an image that was just made as the kernel will read it, and reports what a boot would lose.
 *
 * @throws EulabError when it is damaged, or would not boot.
 */
export async function checkPacked(path: string, report: Report): Promise<void> {
  using file = openFile(path, { option: '--initrd', maker: 'eulab build ramdisk' });
  const { warnings } = await inspect(file);
  const [error] = warnings.filter(({ level }) => level === 'error');
  if (error !== undefined) throw new EulabError(`the ramdisk would not boot: it ${error.text}`);
  for (const { level, text } of warnings) if (level === 'warning') report({ kind: 'warning', text: `the ramdisk ${text}` });
}
