import { userInfo } from 'node:os';
import { locate } from '../../exec.ts';
import type { Nic } from './nic.ts';
import { type NetOptions, nicsOf } from './nics.ts';

/** What is known of the host for a machine's cards. */
export interface Place {
  /** The folder of this user's sockets. */
  readonly runtime: string;
  readonly bridgeHelper: string | undefined;
  readonly qemu: string | undefined;
  /** What makes a device on a bridge is called, too, to see whether it can. */
  readonly tries: boolean;
}

/**
 * The cards that the options describe, on a host that was looked at: what they need of it is there, for this user.
 *
 * @throws EulabError (2) as `nicsOf`; (3) for what the host lacks, with what to do.
 */
export async function cards(options: NetOptions, { runtime, bridgeHelper, qemu, tries }: Place): Promise<Nic[]> {
  const onHost = options.net?.some((card) => card !== 'none' && (card.net.kind === 'bridge' || card.net.kind === 'tap')) === true;
  if (!onHost) return nicsOf(options, { runtime, tap: '', helper: () => '' });
  const [{ checkBridge, findHelper }, { checkTap }, { tapOf }] = await Promise.all([
    import('../../net/helper.ts'),
    import('../../net/tap-access.ts'),
    import('../../net/lab.ts'),
  ]);
  const user = userName();
  const program = locate(qemu ?? 'qemu-system-x86_64');
  const nics = nicsOf(options, { runtime, tap: tapOf(user), helper: () => findHelper(bridgeHelper, program) });
  for (const { backend } of nics) {
    if (backend.kind === 'bridge') await checkBridge(backend.name, backend.helper, tries);
    if (backend.kind === 'tap') checkTap(backend.name, user);
  }
  return nics;
}

/** By its number where it has no name, as in some containers. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 0);
  }
}
